using System.Text.Json.Nodes;
using Gateway.Lifecycle;
using Microsoft.AspNetCore.Http.Features;

namespace Gateway.AnyReplica;

/// <summary>Lets the framework answer <c>negotiate</c>, and puts our token in the place of its own.</summary>
internal sealed class Negotiation(ReplicaKey key, ReplicaId replica, TimeProvider time)
{
    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        var client = context.Features.GetRequiredFeature<IHttpResponseBodyFeature>();
        using var answer = new MemoryStream();
        context.Response.Body = answer;
        try
        {
            await next(context);
        }
        finally
        {
            context.Features.Set(client);
        }
        var bytes = context.Response.StatusCode == StatusCodes.Status200OK ? Rewrite(answer.ToArray()) : answer.ToArray();
        context.Response.ContentLength = bytes.Length;
        await context.Response.Body.WriteAsync(bytes, context.RequestAborted);
    }

    /// <summary>
    /// A client of version 0 knows one id only, and names its connection by it: it gets the token for it. So it too works on any replica, but what it takes for its
    /// connection id is not the one that others see.
    /// </summary>
    private byte[] Rewrite(byte[] answer)
    {
        if (answer.Length == 0 || JsonNode.Parse(answer) is not JsonObject json || (string?)json["connectionId"] is not { } connectionId) return answer;
        var field = json.ContainsKey("connectionToken") ? "connectionToken" : "connectionId";
        var token = new ConnectionToken(replica.Value, connectionId, (string)json[field]!, time.GetUtcNow() + ConnectionToken.Lifetime);
        json[field] = token.Write(key);
        return System.Text.Encoding.UTF8.GetBytes(json.ToJsonString());
    }
}
