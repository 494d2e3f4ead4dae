using System.Text.Json.Nodes;
using Gateway.AspNetCore.Security;
using Gateway.Core.Replicas;
using Microsoft.AspNetCore.Http.Features;

namespace Gateway.AspNetCore.AnyReplica;

/// <summary>
/// Lets the framework answer <c>negotiate</c> while there is room for one more, and puts our token in the place of its own.
/// </summary>
internal sealed class Negotiation(ReplicaKey key, ReplicaId replica, PendingNegotiations pending, TimeProvider time)
{
    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        var address = ClientNetwork.Of(context);
        if (pending.Reserve(address) is { } refusal)
        {
            await Refusal.WriteAsync(context, refusal.Status, refusal.Text, TimeSpan.FromSeconds(1));
            return;
        }
        string? connectionId = null;
        byte[] bytes;
        try
        {
            bytes = await AnswerAsync(context, next);
            if (context.Response.StatusCode == StatusCodes.Status200OK) (bytes, connectionId) = Rewrite(bytes, context);
        }
        finally
        {
            if (connectionId == null) pending.Release(address);
            else pending.Add(connectionId, address);
        }
        context.Response.ContentLength = bytes.Length;
        await context.Response.Body.WriteAsync(bytes, context.RequestAborted);
    }

    private static async Task<byte[]> AnswerAsync(HttpContext context, RequestDelegate next)
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
        return answer.ToArray();
    }

    /// <summary>
    /// A client of version 0 knows one id only, and names its connection by it: it gets the token for it. So it too works on any replica,
    /// but what it takes for its connection id is not the one that others see.
    /// </summary>
    private (byte[] ClusterReply, string? ConnectionId) Rewrite(byte[] answer, HttpContext context)
    {
        if (answer.Length == 0 || JsonNode.Parse(answer) is not JsonObject json || (string?)json["connectionId"] is not { } connectionId)
            return (answer, null);
        var field = json.ContainsKey("connectionToken") ? "connectionToken" : "connectionId";
        var token = new ConnectionToken(
            replica.Value, connectionId, (string)json[field]!, ConnectionUser.Of(context), time.GetUtcNow() + ConnectionToken.Lifetime);
        json[field] = token.Write(key);
        return (System.Text.Encoding.UTF8.GetBytes(json.ToJsonString()), connectionId);
    }
}
