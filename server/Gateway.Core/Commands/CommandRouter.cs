using System.Collections.Frozen;
using System.Text;
using Gateway.Core.Broadcast;
using Gateway.Core.Connections;
using Gateway.Core.Messages;
using Gateway.Core.Moderation;
using Gateway.Core.Presence;
using Gateway.Core.Rooms;
using Microsoft.Extensions.Logging;

namespace Gateway.Core.Commands;

/// <summary>The one door through which clients of both dialects come in with what they ask for.</summary>
internal sealed partial class CommandRouter
{
    private readonly FrozenDictionary<string, ICommand> _commands;
    private readonly FrozenDictionary<string, ICommand>.AlternateLookup<ReadOnlySpan<char>> _byName;
    private readonly Publisher _publisher;
    private readonly RoomTable _rooms;
    private readonly MessageRateLimiter _limit;
    private readonly Moderator _moderator;
    private readonly bool _relayUnknown;
    private readonly GatewayMeter _meter;
    private readonly ILogger<CommandRouter> _logger;

    public CommandRouter(
        Publisher publisher, RoomTable rooms, RoomMembership membership, PresenceTracker tracker, IBackplane backplane, CustomTypes custom, DirectMessagePermission direct, MessageRateLimiter limit, Moderator moderator, VerifyToken verify, GatewayMeter meter,
        TimeProvider time, ILogger<CommandRouter> logger)
    {
        IEnumerable<ICommand> builtIn =
        [
            new Chat(publisher, rooms, moderator, time), new Join(membership, rooms), new Leave(membership), new Presence(publisher, rooms, tracker, moderator, AdmitAnnouncement),
            new Direct(publisher, direct, moderator, time), new History(backplane, rooms), new Ping(time), new Refresh(verify, rooms, membership), new Auth(),
            new Mute(moderator), new Unmute(moderator), new Kick(moderator), new Ban(moderator), new Unban(moderator),
        ];
        var declared = custom.Types.Select(t => new CustomMessage(t.Type, t.ClientsPublish, publisher, rooms, moderator));
        _commands = builtIn.Concat(declared).ToFrozenDictionary(c => c.Type, MessageType.Comparer);
        _byName = _commands.GetAlternateLookup<ReadOnlySpan<char>>();
        _relayUnknown = custom.RelayUnknown;
        _publisher = publisher;
        _rooms = rooms;
        _limit = limit;
        _moderator = moderator;
        _meter = meter;
        _logger = logger;
    }

    /// <summary>Counts something that a client sent, whatever it is, before anything is done with it.</summary>
    /// <returns>Why it will not be looked at.</returns>
    public Error? Admit(Connection sender)
    {
        _meter.CountReceived(sender.Dialect);
        if (!sender.Outbox.IsOpen) return Error.ConnectionClosed;
        if (_limit.Admit(sender) is not { } error) return null;
        _meter.CountRateLimited(sender.Dialect);
        return _limit.DryRun ? null : error;
    }

    private Error? AdmitAnnouncement(Connection sender)
    {
        if (_limit.AdmitAnnouncement(sender) is not { } error) return null;
        _meter.CountRateLimited(sender.Dialect);
        return _limit.DryRun ? null : error;
    }

    /// <summary>A connection has arrived, and will soon send something.</summary>
    public void Expect(Connection sender) => _limit.PerUser?.Budgets.Prefetch(sender.User.Id);

    /// <summary>
    /// Carries out a command. Whatever goes wrong comes back as an error; nothing is thrown. A connection that is being closed can do
    /// nothing any more, however long its client ignores the close: this is decided here for every dialect and transport.
    /// </summary>
    /// <param name="type">UTF-8.</param>
    /// <param name="payload">One JSON value, read before this returns.</param>
    public ValueTask<CommandResult> ExecuteAsync(Connection sender, ReadOnlySpan<byte> type, ReadOnlySpan<byte> payload)
    {
        Span<char> name = stackalloc char[Math.Min(type.Length, 256)];
        return Encoding.UTF8.TryGetChars(type, name, out var length)
            ? ExecuteAsync(sender, name[..length], payload)
            : (CommandResult)Error.BadRequest("type is too long");
    }

    /// <inheritdoc cref="ExecuteAsync(Connection, ReadOnlySpan{byte}, ReadOnlySpan{byte})"/>
    public ValueTask<CommandResult> ExecuteAsync(Connection sender, ReadOnlySpan<char> type, ReadOnlySpan<byte> payload)
    {
        if (!sender.Outbox.IsOpen) return (CommandResult)Error.ConnectionClosed;
        if (!_byName.TryGetValue(type, out var command) || !type.SequenceEqual(command.Type))
        {
            // A known type in another case is none of its own: SignalR clients would take it for the known one.
            if (!_relayUnknown || command != null || MessageType.FindBuiltIn(type) != null) return (CommandResult)Error.BadRequest($"unknown message type: {type}");
            if (MessageType.Check(type) is { } malformed) return (CommandResult)malformed;
            command = new CustomMessage(type.ToString(), clientsPublish: true, _publisher, _rooms, _moderator);
        }
        try
        {
            var outcome = command.ExecuteAsync(sender, payload);
            return outcome.IsCompletedSuccessfully ? Charge(sender, outcome.Result) : GuardAsync(outcome, command, sender);
        }
        catch (Exception fault)
        {
            return Failed(fault, command, sender);
        }
    }

    private async ValueTask<CommandResult> GuardAsync(ValueTask<CommandResult> outcome, ICommand command, Connection sender)
    {
        try
        {
            return Charge(sender, await outcome.ConfigureAwait(false));
        }
        catch (Exception fault)
        {
            return Failed(fault, command, sender);
        }
    }

    private CommandResult Charge(Connection sender, CommandResult outcome)
    {
        if (ReplyCost.Of(outcome) is > 0 and var cost) _limit.Charge(sender, cost);
        return outcome;
    }

    private CommandResult Failed(Exception fault, ICommand command, Connection sender)
    {
        if (fault is BackplaneException) return Error.BackplaneUnavailable;
        Log.Failed(_logger, fault, command.Type, sender.Id);
        return Error.Internal;
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "Command {Type} of connection {ConnectionId} failed")]
        public static partial void Failed(ILogger logger, Exception fault, string type, string connectionId);
    }
}

/// <summary>The types beside the built-in ones.</summary>
/// <param name="RelayUnknown">Any other type is relayed to the sender's room as it is.</param>
public sealed record CustomTypes(IReadOnlyList<(string Type, bool ClientsPublish)> Types, bool RelayUnknown);
