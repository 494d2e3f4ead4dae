namespace Gateway.Core.Messages;

/// <summary>Why a command was not carried out. Codes follow HTTP's meaning; the text is for the client's developer.</summary>
public sealed record Error(int Code, string Text)
{
    /// <summary>With 429: when the client may try again.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>All that a client is told of a fault that is ours.</summary>
    public static Error Internal { get; } = new(500, "internal error");

    public static Error BadRequest(string text) => new(400, text);
    public static Error Unauthorized { get; } = new(401, "Unauthorized");
    public static Error InvalidToken { get; } = new(401, "Invalid token");
    public static Error KeysUnavailable { get; } = new(503, "tokens cannot be checked now, try again later");
    public static Error Forbidden(string text) => new(403, text);
    public static Error NotFound(string text) => new(404, text);
    public static Error TooLarge(string text) => new(413, text);
    public static Error NoSuchConnection { get; } = new(404, "no such connection");
    public static Error ConnectionClosed { get; } = new(403, "the connection is being closed");
    public static Error BackplaneUnavailable { get; } = new(503, "the backplane is away, try again later");
    public static Error RateLimited(TimeSpan retryAfter) => new(429, "too many messages") { RetryAfter = retryAfter };

    /// <summary>The form in which a SignalR client sees it, as the message of a <c>HubException</c>.</summary>
    public override string ToString() => $"{Code}: {Text}";
}
