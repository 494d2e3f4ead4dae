using Gateway.Core.Broadcast;
using Gateway.Core.Connections;
using Gateway.Core.Messages;
using Gateway.Core.Moderation;
using Gateway.Core.Presence;
using Gateway.Core.Rooms;
using Gateway.Core.Wire;

namespace Gateway.Core.Commands;

/// <summary>
/// <c>presence {"room"?,"limit"?,"after"?}</c> → <c>{"room","count","members":[…],"next"?}</c>: the members of a room (<c>lobby</c>) that
/// the sender is in, on all replicas, page by page.
/// <c>presence {"room"?,"counts":true}</c> → <c>{"room","count","connections"}</c>: how many they are.
/// <c>presence {"status"}</c> → <c>{}</c>: sets the sender's status; the members of its rooms are told where the sender may publish.
/// </summary>
internal sealed class PresenceHandler(
    Publisher publisher, RoomTable rooms, PresenceTracker tracker, Moderator moderator, MessageRateLimiter limit, GatewayMeter meter)
    : ICommandHandler
{
    private const int MaxStatusLength = 64;

    private const int DefaultLimit = 100;
    private const int MaxLimit = 1000;

    private static readonly FieldNames Fields = new("room", "status", "limit", "after", "counts");

    public ValueTask<CommandResult> HandleAsync(CommandContext context, ReadOnlySpan<byte> payload)
    {
        var sender = context.Sender;
        var fields = new PayloadFields(payload, Fields);
        var room = RoomName.Normalize(fields.OptionalString(0, RoomName.MaxLength));
        var status = fields.OptionalString(1, MaxStatusLength);
        var most = (int)(fields.OptionalWhole(2, 1, MaxLimit) ?? DefaultLimit);
        var page = new RequestedPage(most, fields.OptionalString(3, PresencePage.MaxCursorLength), fields.OptionalFlag(4));
        if (fields.Error is { } error) return (CommandResult)error;
        if (status == null) return ListAsync(sender, room ?? RoomName.Lobby, page);
        if (room != null) return (CommandResult)Error.BadRequest("a status holds in all rooms: leave room out");
        if (status.Length == 0) return (CommandResult)Error.BadRequest("status must not be empty");
        if (moderator.CheckMute(sender, room: null) is { } muted) return (CommandResult)muted; // a status is text for others, too
        if (FindListeners(sender, out var listening, out var hiddenIn) is { } refused) return (CommandResult)refused;
        if (AdmitAnnouncement(sender) is { } tooMany) return (CommandResult)tooMany;
        return AnnounceAsync(sender, status, listening, hiddenIn);
    }

    private Error? AdmitAnnouncement(Connection sender)
    {
        if (limit.AdmitAnnouncement(sender) is not { } error) return null;
        meter.CountRateLimited(sender.Dialect);
        return limit.DryRun ? null : error;
    }

    private ValueTask<CommandResult> ListAsync(Connection sender, string name, RequestedPage request)
    {
        if (RoomName.Check(name) is { } error) return (CommandResult)error;
        if (!sender.Rooms.Contains(name)) return (CommandResult)Error.Forbidden($"not in room {name}");
        if (rooms.Permissions.Check(sender.User, name, RoomAction.Presence) is { } refused) return (CommandResult)refused;
        return rooms.PolicyOf(name).Presence
            ? ListAsync(name, request)
            : (CommandResult)Error.Forbidden($"room {name} does not list its members");
    }

    private async ValueTask<CommandResult> ListAsync(string name, RequestedPage request)
    {
        var all = await tracker.ListAsync(name).ConfigureAwait(false);
        if (request.CountsOnly) return CommandResult.Reply("presence", PresencePayloads.Counts(name, all));
        if (PresencePage.Of(all, request.Limit, request.After) is not { } page)
            return Error.BadRequest("after must be the next of an earlier answer");
        return CommandResult.Reply("presence", PresencePayloads.Members(name, all.Count, page.Members, page.Next));
    }

    /// <summary>A status is free text: it is announced in the rooms where the sender may publish and is not muted.</summary>
    /// <returns>The error, if there is no such room and some room refuses it.</returns>
    private Error? FindListeners(Connection sender, out List<string> listening, out IReadOnlySet<string> hiddenIn)
    {
        listening = [];
        var muted = new HashSet<string>(StringComparer.Ordinal);
        hiddenIn = muted;
        Error? refused = null;
        foreach (var room in sender.Rooms.Names())
        {
            if (!rooms.PolicyOf(room).HasPresence) continue;
            var mute = moderator.CheckMute(sender, room);
            if (mute != null) muted.Add(room);
            if ((PublishPermission.Check(sender, room, rooms) ?? mute) is { } error) refused ??= error;
            else listening.Add(room);
        }
        return listening.Count == 0 ? refused : null;
    }

    /// <summary>Updates the presence lists first: a client that is told and asks finds the status there.</summary>
    private async ValueTask<CommandResult> AnnounceAsync(
        Connection sender, string status, List<string> listening, IReadOnlySet<string> hiddenIn)
    {
        await tracker.SetStatusAsync(sender, status, hiddenIn).ConfigureAwait(false);
        foreach (var room in listening)
        {
            if (!rooms.PolicyOf(room).Presence) continue;
            var (audience, message) = Announcement.Status(room, sender.User, status, sender.Id);
            await publisher.AnnounceAsync(audience, message).ConfigureAwait(false);
        }
        return CommandResult.Done(Payloads.Empty);
    }

    /// <summary>The part of a list that the client asks for.</summary>
    private readonly record struct RequestedPage(int Limit, string? After, bool CountsOnly);
}
