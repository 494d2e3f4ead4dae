using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Gateway.Core.Broadcast;
using Gateway.Core.Messages;
using Gateway.Core.Wire;

namespace Gateway.Core.Commands;

/// <summary>The outcome of a command: a result, or an <see cref="Messages.Error"/>, which converts to it.</summary>
public readonly struct CommandResult
{
    private CommandResult(ReadOnlyMemory<byte> result, string? replyType, Error? error)
    {
        Result = result;
        ReplyType = replyType;
        Error = error;
    }

    /// <summary>Why the command was refused; <c>null</c> if it was carried out.</summary>
    public Error? Error { get; }

    /// <summary>One JSON value: the payload of a raw client's <c>ack</c>, or what the hub method returns.</summary>
    public ReadOnlyMemory<byte> Result { get; }

    /// <summary>
    /// The type of the message in which a raw client gets the result if it gave no <c>id</c>; <c>null</c>: it gets no answer then.
    /// </summary>
    public string? ReplyType { get; }

    /// <summary>What was sent again ahead of the answer.</summary>
    internal Recovery? Replayed { get; private init; }

    /// <summary>The command was carried out, and its result is <c>{}</c>.</summary>
    public static CommandResult Done() => Done(Payloads.Empty);

    /// <summary>The command was carried out.</summary>
    /// <param name="result">One JSON value in UTF-8; not to be changed any more.</param>
    public static CommandResult Done(ReadOnlyMemory<byte> result) => new(result, null, null);

    /// <summary>The command was carried out; a raw client gets the result also without an <c>id</c>, as a message.</summary>
    /// <param name="replyType">The type of that message.</param>
    /// <param name="result">One JSON value in UTF-8; not to be changed any more.</param>
    public static CommandResult Reply(string replyType, ReadOnlyMemory<byte> result) => new(result, replyType, null);

    /// <summary>The command was carried out, and the result is a value as JSON, its names in snake_case.</summary>
    /// <param name="replyType">See <see cref="ReplyType"/>.</param>
    [RequiresUnreferencedCode(CommandJson.Untrimmed), RequiresDynamicCode(CommandJson.Untrimmed)]
    public static CommandResult Json<T>(T value, string? replyType = null) => Json(value, CommandJson.TypeOf<T>(), replyType);

    /// <summary>The command was carried out, and the result is a value as JSON, by a source-generated serializer.</summary>
    /// <param name="replyType">See <see cref="ReplyType"/>.</param>
    public static CommandResult Json<T>(T value, JsonTypeInfo<T> typeInfo, string? replyType = null) =>
        new(JsonSerializer.SerializeToUtf8Bytes(value, typeInfo), replyType, null);

    internal static CommandResult Done(ReadOnlyMemory<byte> result, Recovery? replayed) => new(result, null, null) { Replayed = replayed };

    /// <summary>The command was refused.</summary>
    public static implicit operator CommandResult(Error error) => new(default, null, error);

    /// <summary>For handlers that have nothing to wait for.</summary>
    public static implicit operator ValueTask<CommandResult>(CommandResult result) => new(result);
}
