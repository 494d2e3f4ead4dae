using System.Text.Json;

namespace Gateway.Testing;

/// <summary>The answer to <c>negotiate</c>.</summary>
public sealed record Negotiated(string ConnectionId, string Token)
{
    private static readonly HttpClient Http = new() { Timeout = Deadline.Usual };

    /// <param name="hub">The hub's address, with the client's query if it has one.</param>
    public static async Task<Negotiated> AskAsync(Uri hub, CancellationToken cancel = default)
    {
        var scheme = hub.Scheme is "https" or "wss" ? Uri.UriSchemeHttps : Uri.UriSchemeHttp;
        var version = hub.Query.Length > 1 ? hub.Query + "&negotiateVersion=1" : "?negotiateVersion=1";
        using var answer = await Http.PostAsync(
            new Uri($"{scheme}://{hub.Authority}{hub.AbsolutePath}/negotiate{version}"), content: null, cancel);
        answer.EnsureSuccessStatusCode();
        var json = await answer.Content.ReadFromJsonAsync<JsonElement>(cancel);
        return new Negotiated(json.GetProperty("connectionId").GetString()!, json.GetProperty("connectionToken").GetString()!);
    }

    /// <summary>The hub's address for a request of this connection.</summary>
    public Uri With(Uri hub) => new UriBuilder(hub) { Query = $"{(hub.Query.Length > 1 ? hub.Query[1..] + "&" : "")}id={Token}" }.Uri;
}
