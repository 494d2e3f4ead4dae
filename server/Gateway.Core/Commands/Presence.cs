using Gateway.Core.Broadcast;
using Gateway.Core.Connections;
using Gateway.Core.Messages;
using Gateway.Core.Rooms;
using Gateway.Core.Wire;

namespace Gateway.Core.Commands;

/// <summary>
/// <c>presence {"room"?}</c> → <c>{"room","count","members":[…]}</c>: who is in a room (<c>lobby</c>) that the sender is in, on this replica.
/// <c>presence {"status"}</c> → <c>{}</c>: says what the sender is up to; the other members of its rooms hear of it.
/// </summary>
internal sealed class Presence(Publisher publisher, RoomTable rooms) : ICommand
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
        if (status == null) return List(sender, room ?? RoomName.Lobby);
        if (room != null) return (Outcome)Error.BadRequest("a status holds in all rooms: leave room out");
        if (status.Length == 0) return (Outcome)Error.BadRequest("status must not be empty");
        sender.Status = status;
        return TellAsync(sender);
    }

    private Outcome List(Connection sender, string name)
    {
        if (RoomName.Check(name) is { } error) return error;
        if (!sender.Rooms.Contains(name) || rooms.Find(name) is not { } room) return Error.Forbidden($"not in room {name}");
        if (!room.Policy.Presence) return Error.Forbidden($"room {name} does not list its members");
        var members = room.Members.Snapshot().GroupBy(c => c.User.Id, StringComparer.Ordinal).Select(Member).OrderBy(m => m.ConnectedAt).ToList();
        return Outcome.Answer(Type, PresencePayloads.Members(name, members));
    }

    private static PresentMember Member(IGrouping<string, Connection> connections)
    {
        var newest = connections.MaxBy(c => c.ConnectedAt)!;
        return new PresentMember(newest.User.Id, newest.User.Name, newest.User.ClientId, newest.Status, connections.Min(c => c.ConnectedAt), connections.Count());
    }

    private async ValueTask<Outcome> TellAsync(Connection sender)
    {
        foreach (var room in sender.Rooms.Names())
        {
            if (!rooms.PolicyOf(room).Presence) continue;
            var payload = PresencePayloads.Status(room, sender.User.Id, sender.User.Name, sender.Status);
            await publisher.PublishAsync(Audience.Room(room) with { Except = [sender.Id] }, new Message(Type, payload) { CarriesOffset = true }).ConfigureAwait(false);
        }
        return Outcome.Done(Payloads.Empty);
    }
}
