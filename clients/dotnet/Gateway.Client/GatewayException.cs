namespace Gateway.Client;

/// <summary>Something that was asked of the gateway, or of the client, did not happen.</summary>
public sealed class GatewayException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="code">See <see cref="Code"/>.</param>
    /// <param name="message">What happened, for people.</param>
    /// <param name="retryAfter">See <see cref="RetryAfter"/>.</param>
    /// <param name="innerException">What caused it.</param>
    public GatewayException(string code, string message, TimeSpan? retryAfter = null, Exception? innerException = null)
        : base(message, innerException)
    {
        Code = code;
        RetryAfter = retryAfter;
    }

    /// <summary>The gateway's code (<c>"403"</c>, <c>"429"</c>, …; of a connection that was refused or closed its HTTP status or close code), or one of <see cref="GatewayErrors"/>.</summary>
    public string Code { get; }

    /// <summary>With 429: how long the gateway wants to be left alone.</summary>
    public TimeSpan? RetryAfter { get; }
}

/// <summary>The codes that the client itself gives.</summary>
public static class GatewayErrors
{
    /// <summary>No answer in time. A message may have arrived all the same.</summary>
    public const string Timeout = "timeout";

    /// <summary>More than <see cref="ConversationOptions.MaxQueued"/> wait.</summary>
    public const string OutgoingOverflow = "outgoing_overflow";

    /// <summary>It was under way when the connection went, and cannot be repeated without the risk that it arrives twice.</summary>
    public const string OutcomeUnknown = "outcome_unknown";

    /// <summary>The room was left before it was entered.</summary>
    public const string Left = "left";

    /// <summary>Whoever reads the messages is too slow.</summary>
    public const string UnreadOverflow = "unread_overflow";

    /// <summary>The gateway has sent something that is not what the protocol says.</summary>
    public const string MalformedMessage = "malformed_message";

    /// <summary>The client is closed.</summary>
    public const string Closed = "closed";
}
