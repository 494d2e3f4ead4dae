using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Gateway.Client.Conversations;
using Gateway.Client.Wire;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Client;

namespace Gateway.Client.SignalR;

/// <summary>A stock connection, from one (re)connect to the next.</summary>
internal sealed partial class HubLink(HubConnection connection) : ILink
{
    private static readonly HashSet<string> Methods = new(StringComparer.Ordinal)
    {
        "chat", "join", "leave", "history", "presence", "direct", "refresh", "mute", "unmute", "kick", "ban", "unban",
    };

    public async Task<JsonElement> CallAsync(string type, JsonNode? payload)
    {
        var (method, arguments) = type == "ping" ? ("Ping", Array.Empty<object?>())
            : Methods.Contains(type) ? (char.ToUpperInvariant(type[0]) + type[1..], [payload])
            : ("Send", [type, payload]);
        try
        {
            return await connection.InvokeCoreAsync<JsonElement>(method, arguments).ConfigureAwait(false);
        }
        catch (HubException refused)
        {
            throw Refusal(refused);
        }
        catch (Exception fault) when (fault is not JsonException)
        {
            throw new LinkLostException(); // over one connection either all calls fail or none
        }
    }

    /// <summary>
    /// <c>An unexpected error occurred invoking 'Chat' on the server. HubException: 429: too many messages, retry_after_ms=1500</c>.
    /// </summary>
    private static GatewayException Refusal(HubException refused)
    {
        var match = Pattern().Match(refused.Message);
        if (!match.Success) return new GatewayException("500", refused.Message);
        TimeSpan? retryAfter = match.Groups[3].Success
            ? Answers.Wait(double.Parse(match.Groups[3].Value, CultureInfo.InvariantCulture))
            : null;
        return new GatewayException(match.Groups[1].Value, $"{match.Groups[1].Value}: {match.Groups[2].Value}", retryAfter, refused);
    }

    [GeneratedRegex(@"(?:HubException: |^)(\d{3}): (.*?)(?:, retry_after_ms=(\d+))?$", RegexOptions.Singleline)]
    private static partial Regex Pattern();
}
