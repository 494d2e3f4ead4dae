using Gateway.Testing;

namespace Gateway.IntegrationTests;

/// <summary>The two kinds of client, for tests that hold for both.</summary>
public enum Kind
{
    Raw,
    SignalR,
}

internal static class Clients
{
    public static async Task<IChatClient> ConnectAsync(Kind kind, Uri server, string query = "") =>
        kind == Kind.Raw ? await RawClient.ConnectAsync(server, query) : await SignalRClient.ConnectAsync(server, query);

    /// <summary>Sends and forgets; the sender's own copy, if any, tells that it went through.</summary>
    public static Task<System.Text.Json.JsonElement> ChatAsync(this IChatClient client, string content, string? room = null) =>
        client.RequestAsync("chat", room == null ? new { content } : new { room, content });
}
