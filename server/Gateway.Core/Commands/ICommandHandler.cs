namespace Gateway.Core.Commands;

/// <summary>
/// Carries out one command: a message type that clients send. The built-in commands and an application's own implement it alike; <see
/// cref="CommandHandler{TPayload}"/> reads the payload for you.
/// </summary>
public interface ICommandHandler
{
    /// <summary>
    /// Carries out the command for one message. The next message of the same connection is read when the returned task completes. Any
    /// exception becomes the error 500 <c>internal error</c> and is logged.
    /// </summary>
    /// <param name="context">Who sends the command, and what the handler can do in the sender's domain.</param>
    /// <param name="payload">One JSON value in UTF-8. It is valid until this method returns: read or copy it before you await
    /// anything.</param>
    /// <exception cref="Broadcast.BackplaneException">The backplane is away: the client gets the error 503.</exception>
    ValueTask<CommandResult> HandleAsync(CommandContext context, ReadOnlySpan<byte> payload);
}
