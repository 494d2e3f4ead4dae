using System.Text.Json;
using Gateway.Core.Messages;
using Microsoft.AspNetCore.SignalR;
using Microsoft.Extensions.Options;

namespace Gateway.AspNetCore.SignalR;

/// <summary>Creates a message from the arguments of <c>SendAsync</c>, with the serializer options of SignalR's JSON protocol.</summary>
internal sealed class HubPayloads(IOptions<JsonHubProtocolOptions> options)
{
    private readonly JsonSerializerOptions _json = options.Value.PayloadSerializerOptions;

    /// <summary>A single argument is the payload. None or several are sent as an argument list.</summary>
    public Message Message(string type, object?[] args) =>
        args.Length == 1
            ? new Message(type, JsonSerializer.SerializeToUtf8Bytes(args[0], args[0]?.GetType() ?? typeof(object), _json))
            : new Message(type, JsonSerializer.SerializeToUtf8Bytes(args, _json)) { IsArgumentList = true };
}
