using Gateway.Core.Broadcast;
using Gateway.Core.Connections;
using Gateway.Core.Messages;
using Gateway.Core.Rooms;
using Gateway.Core.Wire;

namespace Gateway.Core.Commands;

/// <summary>
/// <c>refresh {"token"}</c> → <c>{"expires_at","left"?}</c>: a new token of the same user replaces the old one, its roles included. The
/// connection leaves the rooms that these roles may not join.
/// </summary>
internal sealed class RefreshHandler(VerifyToken verify, RoomTable rooms, RoomMembership membership) : ICommandHandler
{
    private static readonly FieldNames Fields = new("token");

    public ValueTask<CommandResult> HandleAsync(CommandContext context, ReadOnlySpan<byte> payload)
    {
        var sender = context.Sender;
        var fields = new PayloadFields(payload, Fields);
        var token = fields.RequiredString(0, AuthenticatedUser.MaxTokenLength);
        if (fields.Error is { } error) return (CommandResult)error;
        return sender.Token == null
            ? (CommandResult)Error.BadRequest("this connection has no token to renew")
            : RefreshAsync(sender, token);
    }

    private async ValueTask<CommandResult> RefreshAsync(Connection sender, string token)
    {
        var (authenticated, error) = await verify(token).ConfigureAwait(false);
        if (error != null) return error;
        if (!sender.TryRefresh(authenticated!.User, authenticated.Term)) return Error.Forbidden("the token is another user's");
        var left = new List<string>();
        foreach (var room in sender.Rooms.Names())
        {
            if (rooms.Permissions.Check(sender.User, room, RoomAction.Join) == null) continue;
            if (await membership.LeaveAsync(sender, room).ConfigureAwait(false)) left.Add(room);
        }
        return CommandResult.Done(TokenPayloads.Refreshed(authenticated.Term.ExpiresAt, left));
    }
}
