using System.Text.Json;
using Gateway.Core.Messages;
using Microsoft.AspNetCore.SignalR;
using Microsoft.Extensions.Options;

namespace Gateway.AspNetCore.SignalR;

/// <summary>
/// Turns what server code passes to <c>SendAsync</c> into a message, by the serialiser options of SignalR's JSON protocol.
/// </summary>
internal sealed class HubPayloads(IOptions<JsonHubProtocolOptions> options)
{
    private readonly JsonSerializerOptions _json = options.Value.PayloadSerializerOptions;

    /// <summary>One argument is the payload; none or several stay an argument list for SignalR clients.</summary>
    public Message Message(string type, object?[] args) =>
        args.Length == 1
            ? new Message(type, JsonSerializer.SerializeToUtf8Bytes(args[0], args[0]?.GetType() ?? typeof(object), _json))
            : new Message(type, JsonSerializer.SerializeToUtf8Bytes(args, _json)) { IsArgumentList = true };
}
