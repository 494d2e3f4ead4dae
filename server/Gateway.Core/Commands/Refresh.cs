using Gateway.Core.Broadcast;
using Gateway.Core.Connections;
using Gateway.Core.Messages;
using Gateway.Core.Rooms;
using Gateway.Core.Wire;

namespace Gateway.Core.Commands;

/// <summary>
/// <c>refresh {"token"}</c> → <c>{"expires_at","left"?}</c>: a new token of the same user takes the place of the old one, with what it says of the user's
/// roles. The connection leaves the rooms that they do not open any more.
/// </summary>
internal sealed class Refresh(VerifyToken verify, RoomTable rooms, RoomMembership membership) : ICommand
{
    private static readonly FieldNames Fields = new("token");

    public string Type => "refresh";

    public ValueTask<CommandResult> ExecuteAsync(Connection sender, ReadOnlySpan<byte> payload)
    {
        var fields = new PayloadFields(payload, Fields);
        var token = fields.RequiredString(0, AuthenticatedUser.MaxTokenLength);
        if (fields.Error is { } error) return (CommandResult)error;
        return sender.Token == null ? (CommandResult)Error.BadRequest("this connection has no token to renew") : RefreshAsync(sender, token);
    }

    private async ValueTask<CommandResult> RefreshAsync(Connection sender, string token)
    {
        var (bearer, error) = await verify(token).ConfigureAwait(false);
        if (error != null) return error;
        if (!sender.TryRefresh(bearer!.User, bearer.Term)) return Error.Forbidden("the token is another user's");
        var left = new List<string>();
        foreach (var room in sender.Rooms.Names())
            if (rooms.Permissions.Check(sender.User, room, RoomAction.Join) != null && await membership.LeaveAsync(sender, room).ConfigureAwait(false))
                left.Add(room);
        return CommandResult.Done(TokenPayloads.Refreshed(bearer.Term.ExpiresAt, left));
    }
}
