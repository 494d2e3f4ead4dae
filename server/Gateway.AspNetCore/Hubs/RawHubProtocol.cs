using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;
using Gateway.AspNetCore.SignalR;
using Gateway.Core.Messages;
using Gateway.Core.Wire;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Protocol;

namespace Gateway.AspNetCore.Hubs;

/// <summary>
/// The raw dialect as a hub protocol, see docs/raw-hub.md. SignalR's invocation ids are the client's own, as JSON, so that they return byte
/// for byte; a call without one has <see cref="NoId"/>, by which its errors come back too. Bad input becomes a failed call, which the
/// client is told of.
/// </summary>
internal sealed class RawHubProtocol(RawHubMethods methods, JsonSerializerOptions json, bool detailedErrors, ILogger logger) : IHubProtocol
{
    /// <summary>No JSON string or number looks like this.</summary>
    private const string NoId = "none";

    private static readonly Error TextOnly = Error.BadRequest("text only");

    private readonly RawHubArguments _arguments = new(json, detailedErrors, logger);
    private readonly RawHubReplies _replies = new(json, detailedErrors, logger);

    private readonly EnvelopeLimits _limits = new(RawHubMethods.MaxNameBytes, json.MaxDepth == 0 ? 64 : json.MaxDepth);

    public string Name => "gateway-raw";
    public int Version => 1;
    public TransferFormat TransferFormat => TransferFormat.Text;

    public bool IsVersionSupported(int version) => version == Version;

    public bool TryParseMessage(ref ReadOnlySequence<byte> input, IInvocationBinder binder, [NotNullWhen(true)] out HubMessage? message)
    {
        message = null;
        if (!RawHubRecord.TryReadMessage(ref input, out var frame, out var isText)) return false;
        if (!isText) message = Refuse([], TextOnly);
        else if (frame.IsSingleSegment) message = Read(frame.FirstSpan, binder);
        else
        {
            var copy = ArrayPool<byte>.Shared.Rent((int)frame.Length);
            frame.CopyTo(copy);
            message = Read(copy.AsSpan(0, (int)frame.Length), binder);
            ArrayPool<byte>.Shared.Return(copy);
        }
        return true;
    }

    public void WriteMessage(HubMessage message, IBufferWriter<byte> output)
    {
        switch (message)
        {
            case CompletionMessage { InvocationId: NoId, Error: null } or PingMessage:
                break;
            case CompletionMessage { InvocationId: NoId } failed:
                RawHubRecord.Write(output, _replies.Error(null, failed.Error!));
                break;
            case CompletionMessage { Error: { } error } failed:
                RawHubRecord.Write(output, _replies.Error(failed.InvocationId, error));
                break;
            case CompletionMessage completed:
                RawHubRecord.Write(output, _replies.Ack(completed.InvocationId!, completed.Result));
                break;
            case StreamItemMessage item:
                RawHubRecord.Write(output, _replies.Item(item.InvocationId!, item.Item));
                break;
            case InvocationMessage call:
                RawHubRecord.Write(output, _replies.Call(call.Target, call.Arguments, call.InvocationId));
                break;
            case CloseMessage close:
                RawHubRecord.Write(output, close.Error == null ? RawHubRecord.Closed : RawHubRecord.Failed);
                break;
            default:
                throw new NotSupportedException($"The raw dialect has no {message.GetType().Name}.");
        }
    }

    public ReadOnlyMemory<byte> GetMessageBytes(HubMessage message)
    {
        var bytes = new ArrayBufferWriter<byte>();
        WriteMessage(message, bytes);
        return bytes.WrittenMemory;
    }

    private HubMessage Read(ReadOnlySpan<byte> frame, IInvocationBinder binder)
    {
        if (EnvelopeReader.Read(frame, _limits, out var envelope) is { } malformed) return Refuse(envelope.Id, malformed);
        // Only in lower case: a hub's own method of such a name is called in another one.
        return envelope.Type switch
        {
            [(byte)'r', ..] when envelope.Type.SequenceEqual("result"u8) => ReadResult(envelope, binder),
            [(byte)'i', ..] when envelope.Type.SequenceEqual("item"u8) => ReadItem(envelope, binder),
            [(byte)'c', ..] when envelope.Type.SequenceEqual("complete"u8) => ReadComplete(envelope),
            [(byte)'c', ..] when envelope.Type.SequenceEqual("cancel"u8) => ReadCancel(envelope),
            _ => ReadCall(envelope, binder),
        };
    }

    private HubMessage ReadCall(Envelope envelope, IInvocationBinder binder)
    {
        if (!methods.TryFind(envelope.Type, out var method))
            return Refuse(envelope.Id, Error.NotFound($"unknown method: {Encoding.UTF8.GetString(envelope.Type)}"));
        string[]? streams = null;
        var error = _arguments.Read(method.Name, envelope.Payload, binder.GetParameterTypes(method.Name), out var arguments)
            ?? RawHubArguments.ReadStreams(envelope.Streams, binder, out streams);
        if (error != null) return Refuse(envelope.Id, error);
        if (method.IsStream && envelope.Id.IsEmpty)
            return Refuse(envelope.Id, Error.BadRequest($"{method.Name} returns a stream: call it with an id"));
        var id = IdOf(envelope.Id);
        return method.IsStream
            ? new StreamInvocationMessage(id, method.Name, arguments, streams)
            : new InvocationMessage(id, method.Name, arguments, streams);
    }

    /// <summary>The client's answer to a call of the server.</summary>
    private HubMessage ReadResult(Envelope envelope, IInvocationBinder binder)
    {
        if (envelope.Id.IsEmpty) return Refuse([], Error.BadRequest("result needs the id of the call"));
        var id = envelope.Id[0] == '"' ? JsonSerializer.Deserialize<string>(envelope.Id)! : Encoding.UTF8.GetString(envelope.Id);
        if (TypeOf(id, binder) is not { } type) return Refuse(envelope.Id, Error.NotFound("no call waits for a result with this id"));
        if (!RawHubArguments.TryReadText(envelope.Error, out var failure))
            return Refuse(envelope.Id, Error.BadRequest("error must be a string"));
        if (failure != null) return CompletionMessage.WithError(id, failure);
        if (type == typeof(RawResult))
            return CompletionMessage.WithResult(id, new RawResult(new ReadOnlySequence<byte>(envelope.Payload.ToArray())));
        try
        {
            return CompletionMessage.WithResult(id, JsonSerializer.Deserialize(envelope.Payload, type, json));
        }
        catch (Exception fault)
        {
            return CompletionMessage.WithError(id, $"Error trying to deserialize result to {type.Name}. {fault.Message}"); // for the server
        }
    }

    private static Type? TypeOf(string invocationId, IInvocationBinder binder)
    {
        try
        {
            return binder.GetReturnType(invocationId);
        }
        catch (InvalidOperationException)
        {
            return null; // nobody has asked, or does not wait any more
        }
    }

    private HubMessage ReadItem(Envelope envelope, IInvocationBinder binder)
    {
        if (envelope.Id.IsEmpty) return Refuse([], Error.BadRequest("item needs the id of the stream"));
        var id = IdOf(envelope.Id);
        if (RawHubArguments.ItemTypeOf(id, binder) is not { } type) return Refuse(envelope.Id, Error.NotFound("no stream has this id"));
        try
        {
            return new StreamItemMessage(id, JsonSerializer.Deserialize(envelope.Payload, type, json));
        }
        catch (Exception fault)
        {
            return new StreamBindingFailureMessage(id, System.Runtime.ExceptionServices.ExceptionDispatchInfo.Capture(fault));
        }
    }

    /// <summary>The end of a stream of the client. It may cross the end of the method, so an unknown id is no error.</summary>
    private static HubMessage ReadComplete(Envelope envelope)
    {
        if (envelope.Id.IsEmpty) return Refuse([], Error.BadRequest("complete needs the id of the stream"));
        return RawHubArguments.TryReadText(envelope.Error, out var failure)
            ? new CompletionMessage(IdOf(envelope.Id), failure, result: null, hasResult: false)
            : Refuse(envelope.Id, Error.BadRequest("error must be a string"));
    }

    /// <summary>Ends a stream of the server. It may cross the last item, so an unknown id is no error.</summary>
    private static HubMessage ReadCancel(Envelope envelope) =>
        envelope.Id.IsEmpty
            ? Refuse([], Error.BadRequest("cancel needs the id of the call"))
            : new CancelInvocationMessage(IdOf(envelope.Id));

    private static InvocationBindingFailureMessage Refuse(ReadOnlySpan<byte> id, Error error) =>
        RejectedInvocation.Of(IdOf(id), "", error.ToString());

    private static string IdOf(ReadOnlySpan<byte> id) => id.IsEmpty ? NoId : Encoding.UTF8.GetString(id);
}
