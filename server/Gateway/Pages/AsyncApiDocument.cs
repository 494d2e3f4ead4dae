using System.Security.Cryptography;
using Microsoft.Net.Http.Headers;

namespace Gateway.Pages;

/// <summary>The messages of both dialects for machines, at <c>/asyncapi.yaml</c> (AsyncAPI 3.0).</summary>
public static class AsyncApiDocument
{
    private const string Resource = "Gateway.asyncapi.yaml";

    /// <summary>Serves the document at <c>/asyncapi.yaml</c>.</summary>
    public static IEndpointConventionBuilder MapContract(this IEndpointRouteBuilder endpoints)
    {
        var document = Read();
        var tag = new EntityTagHeaderValue($"\"{Convert.ToHexStringLower(SHA256.HashData(document))[..16]}\"");
        // The type of RFC 9512. It is fetched anew when it has changed only.
        return endpoints.MapMethods("/asyncapi.yaml", [HttpMethods.Get, HttpMethods.Head], context =>
        {
            context.Response.Headers.CacheControl = "no-cache";
            context.Response.Headers.XContentTypeOptions = "nosniff";
            return Results.Bytes(document, "application/yaml", entityTag: tag).ExecuteAsync(context);
        });
    }

    private static byte[] Read()
    {
        using var stream = typeof(AsyncApiDocument).Assembly.GetManifestResourceStream(Resource)!;
        using var whole = new MemoryStream();
        stream.CopyTo(whole);
        return whole.ToArray();
    }
}
