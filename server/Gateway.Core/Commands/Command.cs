using Gateway.Core.Broadcast;
using Gateway.Core.Connections;
using Gateway.Core.Messages;

namespace Gateway.Core.Commands;

/// <summary>One thing that a client may ask for. The payload is read before anything is awaited: its bytes are the caller's again after that.</summary>
internal interface ICommand
{
    /// <summary>The type in the envelope.</summary>
    string Type { get; }

    /// <exception cref="Broadcast.BackplaneException">The backplane is away.</exception>
    ValueTask<CommandResult> ExecuteAsync(Connection sender, ReadOnlySpan<byte> payload);
}

/// <summary>What became of a command: a result, or an error.</summary>
internal readonly struct CommandResult
{
    private CommandResult(ReadOnlyMemory<byte> result, string? replyType, Error? error)
    {
        Result = result;
        ReplyType = replyType;
        Error = error;
    }

    public Error? Error { get; }

    /// <summary>One JSON value.</summary>
    public ReadOnlyMemory<byte> Result { get; }

    /// <summary>The type under which a raw client gets the result when it gave no correlation id; <c>null</c>: then it gets nothing.</summary>
    public string? ReplyType { get; }

    /// <summary>What was sent again ahead of the answer.</summary>
    public Recovery? Replayed { get; private init; }

    public static CommandResult Done(ReadOnlyMemory<byte> result, Recovery? replayed = null) => new(result, null, null) { Replayed = replayed };

    public static CommandResult Reply(string replyType, ReadOnlyMemory<byte> result) => new(result, replyType, null);

    public static implicit operator CommandResult(Error error) => new(default, null, error);

    public static implicit operator ValueTask<CommandResult>(CommandResult outcome) => new(outcome);
}
