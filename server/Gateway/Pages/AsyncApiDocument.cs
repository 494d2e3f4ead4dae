namespace Gateway.Pages;

/// <summary>The AsyncAPI 3.0 document of the messages of both dialects, at <c>/asyncapi.yaml</c>.</summary>
internal static class AsyncApiDocument
{
    /// <summary>Maps the document with the content type of RFC 9512.</summary>
    public static IEndpointConventionBuilder MapAsyncApiDocument(this IEndpointRouteBuilder endpoints) =>
        new PageFile(PageFile.ReadResource("Gateway.asyncapi.yaml"), "application/yaml").Map(endpoints, "/asyncapi.yaml");
}
