using Gateway.Core.Broadcast;
using Gateway.Core.Connections;
using Gateway.Core.Messages;
using Gateway.Core.Moderation;
using Gateway.Core.Presence;
using Gateway.Core.Rooms;
using Gateway.Core.Wire;

namespace Gateway.Core.Commands;

/// <summary>
/// <c>presence {"room"?}</c> → <c>{"room","count","members":[…]}</c>: who is in a room (<c>lobby</c>) that the sender is in, on all replicas.
/// <c>presence {"status"}</c> → <c>{}</c>: says what the sender is up to; the other members of its rooms hear of it.
/// </summary>
internal sealed class Presence(Publisher publisher, RoomTable rooms, Attendance attendance, Moderator moderator) : ICommand
{
    private const int MaxStatusLength = 64;

    private static readonly FieldNames Fields = new("room", "status");

    public string Type => "presence";

    public ValueTask<Outcome> ExecuteAsync(Connection sender, ReadOnlySpan<byte> payload)
    {
        var fields = new PayloadFields(payload, Fields);
        var room = fields.OptionalString(0, RoomName.MaxLength);
        var status = fields.OptionalString(1, MaxStatusLength);
        if (fields.Error is { } error) return (Outcome)error;
        if (status == null) return ListAsync(sender, room ?? RoomName.Lobby);
        if (room != null) return (Outcome)Error.BadRequest("a status holds in all rooms: leave room out");
        if (status.Length == 0) return (Outcome)Error.BadRequest("status must not be empty");
        if (moderator.CheckMute(sender, room: null) is { } muted) return (Outcome)muted; // a status is something said, too
        return TellAsync(sender, status);
    }

    private ValueTask<Outcome> ListAsync(Connection sender, string name)
    {
        if (RoomName.Check(name) is { } error) return (Outcome)error;
        if (!sender.Rooms.Contains(name)) return (Outcome)Error.Forbidden($"not in room {name}");
        if (rooms.Permissions.Check(sender.User, name, RoomAction.Presence) is { } refused) return (Outcome)refused;
        return rooms.PolicyOf(name).Presence ? ListAsync(name) : (Outcome)Error.Forbidden($"room {name} does not list its members");
    }

    private async ValueTask<Outcome> ListAsync(string name) =>
        Outcome.Answer(Type, PresencePayloads.Members(name, await attendance.ListAsync(name).ConfigureAwait(false)));

    /// <summary>The lists first: whoever hears of it and asks finds it there.</summary>
    private async ValueTask<Outcome> TellAsync(Connection sender, string status)
    {
        await attendance.SetStatusAsync(sender, status).ConfigureAwait(false);
        foreach (var room in sender.Rooms.Names())
        {
            if (!rooms.PolicyOf(room).Presence || moderator.CheckMute(sender, room) != null) continue;
            var payload = PresencePayloads.Status(room, sender.User.Id, sender.User.Name, status);
            await publisher.PublishAsync(Audience.Room(room) with { Except = [sender.Id] }, new Message(Type, payload) { CarriesOffset = true }).ConfigureAwait(false);
        }
        return Outcome.Done(Payloads.Empty);
    }
}
