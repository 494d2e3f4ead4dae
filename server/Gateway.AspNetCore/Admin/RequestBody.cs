using System.Text.Json;
using Gateway.Core.Messages;
using Gateway.Core.Wire;

namespace Gateway.AspNetCore.Admin;

/// <summary>Reads the body of a request: one JSON object of limited size, without unknown fields.</summary>
internal static class RequestBody
{
    private static readonly byte[] Nothing = "{}"u8.ToArray();

    /// <returns>The body, or the error. An empty body counts as an empty object.</returns>
    public static async Task<(byte[] Json, Error? Error)> ReadAsync(HttpContext context, int maxBytes, FieldNames known)
    {
        var request = context.Request;
        var body = new MemoryStream();
        var buffer = new byte[4096];
        int count;
        while ((count = await request.Body.ReadAsync(buffer, context.RequestAborted)) > 0)
        {
            body.Write(buffer, 0, count);
            if (body.Length > maxBytes) return (Nothing, Error.TooLarge($"the body is longer than {maxBytes} bytes"));
        }
        if (body.Length == 0) return (Nothing, null);
        if (!request.HasJsonContentType())
            return (Nothing, new Error(StatusCodes.Status415UnsupportedMediaType, "the body must be application/json"));
        var json = body.ToArray();
        return (json, JsonRules.Check(json) ?? CheckNames(json, known));
    }

    private static Error? CheckNames(byte[] json, FieldNames known)
    {
        using var document = JsonDocument.Parse(json);
        if (document.RootElement.ValueKind != JsonValueKind.Object) return Error.BadRequest("the body must be a JSON object");
        foreach (var field in document.RootElement.EnumerateObject())
            if (!known.Names.Contains(field.Name, StringComparer.Ordinal))
            {
                var name = JsonSerializer.Serialize(field.Name[..Math.Min(field.Name.Length, 64)]);
                return Error.BadRequest($"unknown field {name}; known: {string.Join(", ", known.Names)}");
            }
        return null;
    }
}
