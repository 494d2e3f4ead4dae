namespace Gateway.Client;

/// <summary>The exception that is thrown when a request to the gateway, or to the client, fails.</summary>
public sealed class GatewayException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="code">See <see cref="Code"/>.</param>
    /// <param name="message">What happened.</param>
    /// <param name="retryAfter">See <see cref="RetryAfter"/>.</param>
    /// <param name="innerException">The cause.</param>
    public GatewayException(string code, string message, TimeSpan? retryAfter = null, Exception? innerException = null)
        : base(message, innerException)
    {
        Code = code;
        RetryAfter = retryAfter;
    }

    /// <summary>
    /// The code of the gateway (<c>"403"</c>, <c>"429"</c>, …), the HTTP status or close code of a connection that was rejected or closed,
    /// or one of <see cref="GatewayErrors"/>.
    /// </summary>
    public string Code { get; }

    /// <summary>With 429: how long to wait before the next attempt.</summary>
    public TimeSpan? RetryAfter { get; }
}

/// <summary>The codes of the client itself.</summary>
public static class GatewayErrors
{
    /// <summary>There was no reply in time. A message may have arrived all the same.</summary>
    public const string Timeout = "timeout";

    /// <summary>More than <see cref="ConversationOptions.MaxQueued"/> messages and requests are waiting.</summary>
    public const string OutgoingOverflow = "outgoing_overflow";

    /// <summary>The connection was lost while the request was in flight. Repeating it could make it arrive twice.</summary>
    public const string OutcomeUnknown = "outcome_unknown";

    /// <summary>The room was left before it was entered.</summary>
    public const string Left = "left";

    /// <summary>The reader of the messages is too slow.</summary>
    public const string UnreadOverflow = "unread_overflow";

    /// <summary>The gateway has sent a malformed message.</summary>
    public const string MalformedMessage = "malformed_message";

    /// <summary>The client is closed.</summary>
    public const string Closed = "closed";
}
