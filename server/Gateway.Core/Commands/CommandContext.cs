using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Gateway.Core.Broadcast;
using Gateway.Core.Connections;
using Gateway.Core.Messages;

namespace Gateway.Core.Commands;

/// <summary>One command on its way: who sends it, and what its handler can do in the sender's domain.</summary>
public readonly struct CommandContext
{
    private readonly CommandServices _services;

    internal CommandContext(string type, Connection sender, CommandServices services) =>
        (Type, Sender, _services) = (type, sender, services);

    /// <summary>The message type, as it was registered.</summary>
    public string Type { get; }

    /// <summary>The connection that sent the command.</summary>
    public ClientConnection Caller => new(Sender, _services.Domain);

    internal Connection Sender { get; }

    /// <summary>
    /// Is the caller muted? The gateway does not refuse an application's command to a muted user: only its handler knows whether it says
    /// something.
    /// </summary>
    /// <param name="room">The room where the caller would be heard; <c>null</c>: a mute everywhere counts.</param>
    /// <returns>The error 403 to answer with; <c>null</c> if the caller is not muted.</returns>
    public Error? CheckMute(string? room = null) => _services.Moderator.CheckMute(Sender, room);

    /// <summary>
    /// May the caller publish in this room, by membership, the room's policy and its permissions? Mutes are not looked at.
    /// </summary>
    /// <returns>The error to answer with; <c>null</c> if the caller may.</returns>
    public Error? CheckPublish(string room) => PublishPermission.Check(Sender, room, _services.Rooms);

    /// <summary>Publishes as the server in the caller's domain, on all replicas: no permission or policy of clients applies.</summary>
    /// <param name="payload">One JSON value in UTF-8; not to be changed any more.</param>
    /// <exception cref="BackplaneException">The backplane is away.</exception>
    public async ValueTask PublishAsync(Audience audience, string type, ReadOnlyMemory<byte> payload, CancellationToken cancel = default) =>
        await _services.Publisher.PublishAsync(audience, new Message(type, payload), cancel: cancel).ConfigureAwait(false);

    /// <summary>Publishes a value as JSON, its names in snake_case.</summary>
    /// <inheritdoc cref="PublishAsync(Audience, string, ReadOnlyMemory{byte}, CancellationToken)"/>
    [RequiresUnreferencedCode(CommandJson.Untrimmed), RequiresDynamicCode(CommandJson.Untrimmed)]
    public ValueTask PublishJsonAsync<T>(Audience audience, string type, T payload, CancellationToken cancel = default) =>
        PublishAsync(audience, type, JsonSerializer.SerializeToUtf8Bytes(payload, CommandJson.TypeOf<T>()), cancel);
}
