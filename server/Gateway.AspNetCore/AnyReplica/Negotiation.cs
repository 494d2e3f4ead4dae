using System.Text.Json.Nodes;
using Gateway.AspNetCore.Security;
using Gateway.Core.Replicas;
using Microsoft.AspNetCore.Http.Features;

namespace Gateway.AspNetCore.AnyReplica;

/// <summary>Lets the framework process <c>negotiate</c> within the limits, and replaces its connection token with the gateway's.</summary>
internal sealed class Negotiation(ReplicaKey key, ReplicaId replica, PendingNegotiations pending, TimeProvider time)
{
    /// <param name="isLimited">Whether negotiations without a connection are limited.</param>
    public async Task InvokeAsync(HttpContext context, bool isLimited, RequestDelegate next)
    {
        if (!isLimited)
        {
            var response = await ReadResponseAsync(context, next);
            if (context.Response.StatusCode == StatusCodes.Status200OK) (response, _) = Rewrite(response, context);
            await WriteResponseAsync(context, response);
            return;
        }
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
            bytes = await ReadResponseAsync(context, next);
            if (context.Response.StatusCode == StatusCodes.Status200OK) (bytes, connectionId) = Rewrite(bytes, context);
        }
        finally
        {
            if (connectionId == null) pending.Release(address);
            else pending.Add(connectionId, address);
        }
        await WriteResponseAsync(context, bytes);
    }

    private static async Task WriteResponseAsync(HttpContext context, byte[] bytes)
    {
        context.Response.ContentLength = bytes.Length;
        await context.Response.Body.WriteAsync(bytes, context.RequestAborted);
    }

    private static async Task<byte[]> ReadResponseAsync(HttpContext context, RequestDelegate next)
    {
        var client = context.Features.GetRequiredFeature<IHttpResponseBodyFeature>();
        using var response = new MemoryStream();
        context.Response.Body = response;
        try
        {
            await next(context);
        }
        finally
        {
            context.Features.Set(client);
        }
        return response.ToArray();
    }

    /// <summary>
    /// A client of negotiate version 0 knows a single id, so it gets the token as its id. It works on any replica, but its own connection
    /// id is not the one that others see.
    /// </summary>
    private (byte[] Response, string? ConnectionId) Rewrite(byte[] response, HttpContext context)
    {
        if (response.Length == 0 || JsonNode.Parse(response) is not JsonObject json
            || (string?)json["connectionId"] is not { } connectionId)
            return (response, null);
        var field = json.ContainsKey("connectionToken") ? "connectionToken" : "connectionId";
        var token = new ConnectionToken(
            replica.Value, connectionId, (string)json[field]!, ConnectionUser.Of(context), time.GetUtcNow() + ConnectionToken.Lifetime);
        json[field] = token.Write(key);
        return (System.Text.Encoding.UTF8.GetBytes(json.ToJsonString()), connectionId);
    }
}
