using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using Gateway.Core.Messages;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Protocol;
using Microsoft.Extensions.Options;

namespace Gateway.AspNetCore.SignalR;

/// <summary>
/// SignalR's JSON protocol, with clear errors for a call whose arguments do not match the method. The framework would report "an error on
/// the server", or with detailed errors a type name. Other hubs of the application are not affected.
/// </summary>
internal sealed class GatewayJsonProtocol(IOptions<JsonHubProtocolOptions> options) : IHubProtocol
{
    private readonly JsonHubProtocol _json = new(options);

    public string Name => _json.Name;
    public int Version => _json.Version;
    public TransferFormat TransferFormat => _json.TransferFormat;

    public bool IsVersionSupported(int version) => _json.IsVersionSupported(version);

    public void WriteMessage(HubMessage message, IBufferWriter<byte> output) => _json.WriteMessage(message, output);

    public ReadOnlyMemory<byte> GetMessageBytes(HubMessage message) => _json.GetMessageBytes(message);

    public bool TryParseMessage(ref ReadOnlySequence<byte> input, IInvocationBinder binder, [NotNullWhen(true)] out HubMessage? message)
    {
        if (!_json.TryParseMessage(ref input, binder, out message)) return false;
        if (message is InvocationBindingFailureMessage { InvocationId: { } id } failure && IsOurs(binder)
            && failure.BindingFailure.SourceException is not HubException)
            message = RejectedInvocation.Of(id, failure.Target, Explain(failure.Target, binder));
        return true;
    }

    /// <summary>The binder is generic over its hub. (For an unknown method it already throws a clear HubException.)</summary>
    private static bool IsOurs(IInvocationBinder binder) => binder.GetType().GenericTypeArguments is [var hub] && hub == typeof(GatewayHub);

    private static string Explain(string method, IInvocationBinder binder)
    {
        var expected = binder.GetParameterTypes(method).Count;
        return Error.BadRequest(expected switch
        {
            0 => $"{method} takes no argument",
            1 => $"{method} takes one argument",
            _ => $"{method} takes {expected} arguments, of which the first is a string",
        }).ToString();
    }
}
