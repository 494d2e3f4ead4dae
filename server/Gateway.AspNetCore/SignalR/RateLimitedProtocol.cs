using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using Gateway.Core.Commands;
using Gateway.Core.Connections;
using Gateway.Core.Messages;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Protocol;

namespace Gateway.AspNetCore.SignalR;

/// <summary>
/// The hub protocol of one connection, with its rate limit. Every message counts when it is read: invocations, whether the method exists or
/// not, streams and their items, completions, and messages that cannot be parsed. One ping per second does not count; stock clients send
/// one every 15 seconds. An invocation over the limit fails. Any other message over the limit is discarded.
/// An invocation whose arguments do not fit its method gets an error that says so; the framework's says "due to an error on the server".
/// </summary>
internal sealed class RateLimitedProtocol(IHubProtocol protocol, TimeProvider time) : IHubProtocol
{
    private static readonly TimeSpan KeepAlive = TimeSpan.FromSeconds(1);

    // Set when the connection is established, before its first message. Not set on other hubs of the application.
    private CommandRouter? _router;
    private Connection? _connection;
    private long _pingedAt;

    public string Name => protocol.Name;
    public int Version => protocol.Version;
    public TransferFormat TransferFormat => protocol.TransferFormat;

    public void Attach(Connection connection, CommandRouter router) => (_connection, _router) = (connection, router);

    public bool IsVersionSupported(int version) => protocol.IsVersionSupported(version);

    public void WriteMessage(HubMessage message, IBufferWriter<byte> output) => protocol.WriteMessage(message, output);

    public ReadOnlyMemory<byte> GetMessageBytes(HubMessage message) => protocol.GetMessageBytes(message);

    public bool TryParseMessage(ref ReadOnlySequence<byte> input, IInvocationBinder binder, [NotNullWhen(true)] out HubMessage? message)
    {
        var start = input.Start;
        try
        {
            if (!protocol.TryParseMessage(ref input, binder, out message))
            {
                if (input.Start.Equals(start))
                {
                    if (!input.IsEmpty) _connection?.OnMessageStarted();
                    return false;
                }
                message = PingMessage.Instance; // a record of an unknown type, which the protocol skips
            }
            else if (message is PingMessage && IsKeepAlive())
            {
                _connection?.OnMessageCompleted();
                return true;
            }
            _connection?.OnMessageCompleted();
        }
        catch (InvalidDataException)
        {
            Admit(); // the framework closes the connection
            throw;
        }
        if (Admit() is { } error) message = Reject(message, error);
        else if (_connection != null && message is InvocationBindingFailureMessage { InvocationId: not null } failure)
            message = Explain(failure, binder);
        return true;
    }

    private Error? Admit() => _connection is { } connection ? _router!.Admit(connection) : null;

    private bool IsKeepAlive()
    {
        var (now, before) = (time.GetTimestamp(), _pingedAt);
        if (before != 0 && time.GetElapsedTime(before, now) < KeepAlive) return false;
        _pingedAt = now;
        return true;
    }

    /// <summary>Names the method's arguments. The framework's error for an unknown method says enough.</summary>
    private static InvocationBindingFailureMessage Explain(InvocationBindingFailureMessage failure, IInvocationBinder binder)
    {
        if (failure.BindingFailure.SourceException is HubException) return failure;
        var method = failure.Target;
        var expected = binder.GetParameterTypes(method).Count;
        return RejectedInvocation.Of(failure.InvocationId, method, Error.BadRequest(expected switch
        {
            0 => $"{method} takes no argument",
            1 => $"{method} takes one argument",
            _ => $"{method} takes {expected} arguments, of which the first is a string",
        }).ToString());
    }

    private static HubMessage Reject(HubMessage message, Error error) => message switch
    {
        InvocationBindingFailureMessage failure =>
            RejectedInvocation.Of(failure.InvocationId, failure.Target, HubCommandDispatcher.Text(error)),
        HubMethodInvocationMessage call => RejectedInvocation.Of(call.InvocationId, call.Target, HubCommandDispatcher.Text(error)),
        CloseMessage => message,
        _ => PingMessage.Instance, // a ping has no effect
    };
}

/// <summary>
/// Creates a <see cref="RateLimitedProtocol"/> for each connection of the gateway's hub. Of two protocols with the same name the last one
/// applies, as in the framework's resolver.
/// </summary>
internal sealed class RateLimitedProtocolResolver(IEnumerable<IHubProtocol> protocols, TimeProvider time) : IHubProtocolResolver
{
    private readonly Dictionary<string, IHubProtocol> _byName = ByName(protocols);

    public IReadOnlyList<IHubProtocol> AllProtocols => [.. _byName.Values];

    public IHubProtocol? GetProtocol(string protocolName, IReadOnlyList<string>? supportedProtocols) =>
        _byName.TryGetValue(protocolName, out var protocol)
            && (supportedProtocols == null || supportedProtocols.Contains(protocolName, StringComparer.OrdinalIgnoreCase))
            ? new RateLimitedProtocol(protocol, time)
            : null;

    private static Dictionary<string, IHubProtocol> ByName(IEnumerable<IHubProtocol> protocols)
    {
        var byName = new Dictionary<string, IHubProtocol>(StringComparer.OrdinalIgnoreCase);
        foreach (var protocol in protocols) byName[protocol.Name] = protocol;
        return byName;
    }
}
