namespace Gateway.Core.Messages;

/// <summary>Why a command failed.</summary>
/// <param name="Code">A status code with the meaning that it has in HTTP (RFC 9110 section 15).</param>
/// <param name="Text">What is wrong, for the developer of the client.</param>
public sealed record Error(int Code, string Text)
{
    /// <summary>With code 429: when the client may try again.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>500: a fault of the gateway. The client gets no details.</summary>
    public static Error Internal { get; } = new(500, "internal error");

    /// <summary>400: the command or its payload is invalid.</summary>
    public static Error BadRequest(string text) => new(400, text);

    /// <summary>401: the request has no token.</summary>
    public static Error Unauthorized { get; } = new(401, "Unauthorized");

    /// <summary>401: the token is invalid, whatever the cause.</summary>
    public static Error InvalidToken { get; } = new(401, "Invalid token");

    /// <summary>503: the issuer's keys are not available, so no token can be validated.</summary>
    public static Error KeysUnavailable { get; } = new(503, "tokens cannot be checked now, try again later");

    /// <summary>403: the user is not allowed to do this.</summary>
    public static Error Forbidden(string text) => new(403, text);

    /// <summary>404: the target does not exist.</summary>
    public static Error NotFound(string text) => new(404, text);

    /// <summary>413: the payload is over a limit.</summary>
    public static Error TooLarge(string text) => new(413, text);

    /// <summary>404: no replica has the connection.</summary>
    public static Error NoSuchConnection { get; } = new(404, "no such connection");

    /// <summary>403: the gateway is closing the sender's connection.</summary>
    public static Error ConnectionClosed { get; } = new(403, "the connection is being closed");

    /// <summary>503: the backplane did not take the message.</summary>
    public static Error BackplaneUnavailable { get; } = new(503, "the backplane is away, try again later");

    /// <summary>429: the sender is over its rate limit.</summary>
    public static Error RateLimited(TimeSpan retryAfter) => new(429, "too many messages") { RetryAfter = retryAfter };

    /// <summary>Returns <c>CODE: TEXT</c>, which a SignalR client gets as the message of a <c>HubException</c>.</summary>
    public override string ToString() => $"{Code}: {Text}";
}
