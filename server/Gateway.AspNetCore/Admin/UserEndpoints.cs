using System.ComponentModel;
using Gateway.AspNetCore.Domains;
using Gateway.Core.Commands;
using Gateway.Core.Messages;
using Gateway.Core.Moderation;
using Gateway.Core.Rooms;
using Gateway.Core.Wire;

namespace Gateway.AspNetCore.Admin;

/// <summary>Endpoints that mute, ban, kick and revoke users.</summary>
internal static class UserEndpoints
{
    /// <summary>The name of the moderator in the log.</summary>
    public const string By = "the admin API";

    private const int MaxBodyBytes = 4096;
    private const int MaxIdLength = 256;

    private static readonly FieldNames MuteFields = new("room", "duration");
    private static readonly FieldNames BanFields = new("duration");
    private static readonly FieldNames KickFields = new("room");

    public static void Map(IEndpointRouteBuilder api)
    {
        var users = api.MapGroup("/users/{id}").WithTags("users").AddEndpointFilter(CheckIdAsync)
            .ProducesProblem(StatusCodes.Status400BadRequest).ProducesProblem(StatusCodes.Status503ServiceUnavailable);
        users.MapPost("/mute", MuteAsync).WithName("MuteUser").WithSummary("Mute a user")
            .WithDescription(
                "In a room, or everywhere: what it says is refused with 403 until the time is over. A duration is written like 30s, 10m "
                + "or 1h.")
            .Accepts<MuteBody>("application/json").Produces<Holding>();
        users.MapDelete("/mute", UnmuteAsync).WithName("UnmuteUser").WithSummary("Undo a mute")
            .WithDescription("Of a room, or the one everywhere.")
            .Produces(StatusCodes.Status204NoContent).ProducesProblem(StatusCodes.Status404NotFound);
        users.MapPost("/ban", BanAsync).WithName("BanUser").WithSummary("Ban a user")
            .WithDescription(
                "Its connections are closed with 1008 banned, and new ones are refused with 403; for a time, or without a duration for "
                + "good.")
            .Accepts<BanBody>(isOptional: true, "application/json").Produces<Holding>();
        users.MapDelete("/ban", UnbanAsync).WithName("UnbanUser").WithSummary("Undo a ban").Produces(StatusCodes.Status204NoContent)
            .ProducesProblem(StatusCodes.Status404NotFound);
        users.MapPost("/kick", KickAsync).WithName("KickUser").WithSummary("Kick a user")
            .WithDescription(
                "Out of a room, or without one out of the gateway: its connections are closed with 1008 kicked, in every hub unless one "
                + "is named. It may come again.")
            .Accepts<KickBody>(isOptional: true, "application/json").Produces<Kicked>().ProducesProblem(StatusCodes.Status404NotFound);
        users.MapPost("/revoke", RevokeAsync).WithName("RevokeUser").WithSummary("Revoke a user's tokens")
            .WithDescription("Its connections are closed with 1008 revoked, and tokens issued until now are refused.").Produces<Holding>();
    }

    private static async Task<IResult> MuteAsync(string id, HttpContext context, Moderator moderator)
    {
        var (body, error) = await RequestBody.ReadAsync(context, MaxBodyBytes, MuteFields);
        var wrong = ReadMute(body, out var room, out var duration);
        if ((error ?? wrong) is { } refused) return Problems.Of(refused);
        var mute = await moderator.MuteAsync(id, room, duration, By);
        return AdminJson.Ok(new Holding(id, room, mute.Until));
    }

    private static async Task<IResult> UnmuteAsync(
        string id, Moderator moderator, [Description("The room of the mute; without it the one everywhere.")] string? room) =>
        await moderator.UnmuteAsync(id, RoomName.Normalize(room), By) ? Results.NoContent()
        : Problems.Of(Error.NotFound(room == null ? $"user {id} is not muted everywhere" : $"user {id} is not muted in room {room}"));

    private static async Task<IResult> BanAsync(string id, HttpContext context, Moderator moderator)
    {
        var (body, error) = await RequestBody.ReadAsync(context, MaxBodyBytes, BanFields);
        var wrong = ReadBan(body, out var duration);
        if ((error ?? wrong) is { } refused) return Problems.Of(refused);
        var ban = await moderator.BanAsync(id, duration, By);
        return AdminJson.Ok(new Holding(id, null, ban.Until));
    }

    private static async Task<IResult> UnbanAsync(string id, Moderator moderator) =>
        await moderator.UnbanAsync(id, By) ? Results.NoContent() : Problems.Of(Error.NotFound($"user {id} is not banned"));

    private static async Task<IResult> KickAsync(string id, HttpContext context, Moderator moderator, GatewayDomains domains)
    {
        var (body, error) = await RequestBody.ReadAsync(context, MaxBodyBytes, KickFields);
        var wrong = ReadKick(body, out var room);
        if ((error ?? wrong) is { } refused) return Problems.Of(refused);
        var connections = 0;
        foreach (var target in room == null && !RequestDomain.IsGiven(context) ? domains.All.Select(h => h.Get<Moderator>()) : [moderator])
            connections += await target.KickAsync(id, null, room, By);
        return connections > 0
            ? AdminJson.Ok(new Kicked(connections))
            : Problems.Of(Error.NotFound(room == null ? $"user {id} is not connected" : $"user {id} is not in room {room}"));
    }

    private static async Task<IResult> RevokeAsync(string id, Moderator moderator) =>
        AdminJson.Ok(new Holding(id, null, (await moderator.RevokeAsync(id, By)).Until));

    /// <summary>Rejects an id that no user can have.</summary>
    internal static async ValueTask<object?> CheckIdAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var id = (string)context.HttpContext.Request.RouteValues["id"]!;
        if (id.Length is 0 or > MaxIdLength || id.Any(char.IsControl))
            return Problems.Of(Error.BadRequest($"a user id has 1 to {MaxIdLength} characters, and no control characters"));
        return await next(context);
    }

    private static Error? ReadMute(byte[] body, out string? room, out TimeSpan duration)
    {
        var fields = new PayloadFields(body, MuteFields);
        room = RoomName.Normalize(fields.OptionalString(0, RoomName.MaxLength));
        var error = ModerationRequest.ReadDuration(fields.RequiredString(1, 16), out var read);
        duration = read.GetValueOrDefault();
        return fields.Error ?? ModerationRequest.CheckRoom(room) ?? error;
    }

    private static Error? ReadBan(byte[] body, out TimeSpan? duration)
    {
        var fields = new PayloadFields(body, BanFields);
        var error = ModerationRequest.ReadDuration(fields.OptionalString(0, 16), out duration);
        return fields.Error ?? error;
    }

    private static Error? ReadKick(byte[] body, out string? room)
    {
        var fields = new PayloadFields(body, KickFields);
        room = RoomName.Normalize(fields.OptionalString(0, RoomName.MaxLength));
        return fields.Error ?? ModerationRequest.CheckRoom(room);
    }

    private sealed record MuteBody(string? Room, string Duration);

    private sealed record BanBody(string? Duration);

    private sealed record KickBody(string? Room);

    /// <param name="Until">Not there: for good.</param>
    private sealed record Holding(string UserId, string? Room, DateTimeOffset? Until);

    private sealed record Kicked(int Connections);
}
