using System.ComponentModel;
using Gateway.Core.Broadcast;
using Gateway.Core.Cluster;
using Gateway.Core.Messages;
using Gateway.Core.Presence;
using Gateway.Core.Rooms;
using Gateway.Core.Wire;

namespace Gateway.AspNetCore.Admin;

/// <summary>Endpoints for rooms, their members and their history.</summary>
internal static class RoomEndpoints
{
    private const int DefaultHistory = 50;
    private const int MaxHistoryBytes = 1024 * 1024;

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/rooms", ListAsync).WithName("ListRooms").WithTags("rooms").WithSummary("List the rooms that have members")
            .WithDescription("With how many connections are in each, on all replicas together; in the order of their names.")
            .Produces<RoomList>().ProducesProblem(StatusCodes.Status400BadRequest).ProducesProblem(StatusCodes.Status503ServiceUnavailable);
        api.MapGet("/rooms/{room}/members", MembersAsync).WithName("ListMembers").WithTags("rooms")
            .WithSummary("List the members of a room")
            .WithDescription("User by user, on all replicas, in the order of their ids. 404 where the room's policy keeps no list.")
            .Produces<MemberList>().ProducesProblem(StatusCodes.Status400BadRequest).ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable);
        api.MapGet("/rooms/{room}/history", HistoryAsync).WithName("ReadHistory").WithTags("rooms")
            .WithSummary("Read what was said in a room")
            .WithDescription(
                "The newest page, or the one ahead of an offset, or the one after it; the oldest message first in each. 404 where the "
                + "room keeps no history.")
            .Produces<HistoryView>().ProducesProblem(StatusCodes.Status400BadRequest).ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable);
    }

    private static async Task<IResult> ListAsync(
        ICluster cluster, [Description("Rooms in one answer, 1 to 1000; 100 without it.")] int? limit,
        [Description("The last room of the page before.")] string? after, CancellationToken cancel)
    {
        var (page, error) = Page.Read(limit, after);
        if (error != null) return Problems.Of(error);
        var replies = await cluster.QueryAsync(new ClusterQuery(ClusterQueryKind.Rooms) { After = page.After, Limit = page.Limit }, cancel);
        var merged = replies.All.SelectMany(a => a.Rooms).GroupBy(r => r.Room, StringComparer.Ordinal)
            .Select(g => new RoomInfo(g.Key, g.Sum(r => r.Connections)));
        var (rooms, next) = page.Of(merged, r => r.Room);
        return AdminJson.Ok(new RoomList(rooms, next, replies.TimedOut));
    }

    private static async Task<IResult> MembersAsync(
        string room, RoomTable rooms, PresenceTracker tracker,
        [Description("Members in one answer, 1 to 1000; 100 without it.")] int? limit,
        [Description("The user_id at the end of the page before.")] string? after)
    {
        room = RoomName.Normalize(room);
        var (page, error) = Page.Read(limit, after);
        if ((error ?? RoomName.Check(room)) is { } wrong) return Problems.Of(wrong);
        if (!rooms.PolicyOf(room).HasPresence) return Problems.Of(Error.NotFound($"room {room} keeps no list of its members"));
        var all = await tracker.ListAsync(room);
        var (members, next) = page.Of(all, m => m.UserId);
        return AdminJson.Ok(new MemberList(
            room, all.Count,
            [.. members.Select(m => new MemberView(m.UserId, m.Username, m.ClientId, m.Status, m.ConnectedAt, m.Connections))],
            next));
    }

    private static async Task<IResult> HistoryAsync(
        string room, RoomTable rooms, IBackplane backplane, [Description("Messages in one answer, 1 to 1000; 50 without it.")] int? limit,
        [Description("The page ahead of this offset.")] long? before, [Description("The page after this offset.")] long? after,
        CancellationToken cancel)
    {
        room = RoomName.Normalize(room);
        if (RoomName.Check(room) is { } error) return Problems.Of(error);
        if (limit is < 1 or > ClusterQueryHandler.MaxLimit)
            return Problems.Of(Error.BadRequest($"limit must be from 1 to {ClusterQueryHandler.MaxLimit}"));
        if (before is < 1 || after is < 0) return Problems.Of(Error.BadRequest("before must be at least 1, after at least 0"));
        if (rooms.PolicyOf(room).Retention is not { Messages: > 0 } retention)
            return Problems.Of(Error.NotFound($"room {room} keeps no history"));
        var range = new HistoryRange(
            after ?? 0, before ?? long.MaxValue, limit ?? DefaultHistory)
        { FromEnd = after == null, MaxBytes = MaxHistoryBytes };
        var page = await backplane.ReadHistoryAsync(room, range, retention, cancel);
        return AdminJson.Bytes(RoomPayloads.History(room, page.Head.Epoch, page.Messages.Select(m => (m.Offset, m.Message)), page.HasMore));
    }

    /// <param name="Next">The <c>after</c> value of the next page, if there may be one.</param>
    /// <param name="SilentReplicas">The number of replicas that did not reply in time. Their connections are missing.</param>
    private sealed record RoomList(IReadOnlyList<RoomInfo> Rooms, string? Next, int SilentReplicas);

    private sealed record MemberList(string Room, int Count, IReadOnlyList<MemberView> Members, string? Next);

    private sealed record MemberView(
        string UserId, string Username, string? ClientId, string Status, DateTimeOffset ConnectedAt, int Connections);

    /// <summary>What <see cref="RoomPayloads.History"/> writes.</summary>
    private sealed record HistoryView(string Room, string Epoch, IReadOnlyList<MessageView> Messages, bool More);

    /// <param name="Sender">Of a message of an own type that a client sent.</param>
    private sealed record MessageView(long Offset, string Type, object? Payload, SenderView? Sender);

    private sealed record SenderView(string UserId, string Username);
}
