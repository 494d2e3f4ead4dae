using Microsoft.OpenApi;

namespace Gateway.AspNetCore.Admin;

/// <summary>The OpenAPI document of the API, generated from its endpoints.</summary>
internal static class AdminDocument
{
    private const string Name = "v1";

    public static void AddAdminDocument(this IServiceCollection services) => services.AddOpenApi(Name, static document =>
    {
        document.ShouldInclude = static endpoint =>
            endpoint.RelativePath?.StartsWith(AdminApi.Root.TrimStart('/'), StringComparison.Ordinal) == true;
        document.AddDocumentTransformer(static (document, _, _) =>
        {
            document.Info = new OpenApiInfo
            {
                Title = "Gateway admin API",
                Version = Name,
                Description = "For servers and operators. Every request carries the key in the header X-Api-Key.",
            };
            document.Servers = [new OpenApiServer { Url = "/", Description = "The address that this document came from." }];
            document.Components ??= new OpenApiComponents();
            document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>(StringComparer.Ordinal)
            {
                ["api_key"] = new OpenApiSecurityScheme
                {
                    Type = SecuritySchemeType.ApiKey,
                    In = ParameterLocation.Header,
                    Name = ApiKey.Header,
                },
            };
            document.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference("api_key", document)] = [] }];
            return Task.CompletedTask;
        });
        document.AddSchemaTransformer(static (schema, context, _) =>
        {
            // The framework does not know what our converters write.
            foreach (var property in context.JsonTypeInfo.Properties)
                if (property.IsGetNullable)
                    schema.Required?.Remove(property.Name); // null properties are left out
            if (context.JsonTypeInfo.Type == typeof(DateTimeOffset) || context.JsonTypeInfo.Type == typeof(DateTimeOffset?))
                (schema.Type, schema.Format) = (JsonSchemaType.String, "date-time");
            return Task.CompletedTask;
        });
        document.AddOperationTransformer(static (operation, context, _) =>
        {
            operation.Parameters ??= [];
            operation.Parameters.Add(new OpenApiParameter
            {
                Name = RequestDomain.Parameter,
                In = ParameterLocation.Query,
                Description = "The hub that is meant; without it the default one.",
                Schema = new OpenApiSchema { Type = JsonSchemaType.String },
            });
            if (!context.Description.ActionDescriptor.EndpointMetadata.OfType<AcceptsIdempotencyKey>().Any()) return Task.CompletedTask;
            operation.Parameters.Add(new OpenApiParameter
            {
                Name = "Idempotency-Key",
                In = ParameterLocation.Header,
                Description = "At most 128 characters. A request that is made again under it is not carried out again; another request "
                    + "under it gets 409. Known for messages.idempotency_window.",
                Schema = new OpenApiSchema { Type = JsonSchemaType.String, MaxLength = 128 },
            });
            return Task.CompletedTask;
        });
    });

    public static void MapAdminDocument(this IEndpointRouteBuilder endpoints) => endpoints.MapOpenApi(AdminApi.Root + "/openapi.json");
}
