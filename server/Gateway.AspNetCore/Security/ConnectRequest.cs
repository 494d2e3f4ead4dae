using System.Collections.Frozen;
using System.Security.Claims;
using Gateway.AspNetCore.Options;
using Gateway.AspNetCore.Security.Tokens;
using Gateway.Core.Commands;
using Gateway.Core.Connections;
using Gateway.Core.Messages;
using Gateway.Core.Rooms;

namespace Gateway.AspNetCore.Security;

/// <summary>
/// The query of the request that opens a connection, <c>?rooms=lobby,orders&amp;username=Ann&amp;guest_key=…</c>, and its user.
/// </summary>
/// <param name="User">The user of the token, or of the host application's authentication, or else a guest; <c>null</c> if the token comes
/// with the first message.</param>
/// <param name="Rooms">The rooms to join.</param>
/// <param name="RoomsNamed">Whether the client has named the rooms.</param>
internal sealed record ConnectRequest(UserIdentity? User, IReadOnlyList<string> Rooms, bool RoomsNamed)
{
    /// <summary>Gets the expiry of the token, if there is one.</summary>
    public TokenExpiry? Token { get; private init; }

    /// <param name="awaitsToken">Whether the token comes with the first message.</param>
    /// <param name="readsRooms">Whether the client may name rooms. An application may have another use for that part of the query.</param>
    public static (ConnectRequest? Request, Error? Error) Read(
        HttpContext context, GatewayOptions options, RoomPermissions permissions, bool awaitsToken = false, bool readsRooms = true)
    {
        var query = context.Request.Query;
        IReadOnlyList<string> rooms = [.. options.Rooms.AutoJoin];
        var wanted = query["rooms"];
        var named = readsRooms && wanted.Count > 0;
        if (named)
        {
            rooms =
            [
                .. wanted.ToString().Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
                .Select(NameText.Normalize).Distinct(StringComparer.Ordinal)
            ];
            if (rooms.Count > options.Rooms.MaxPerConnection)
                return (null, Error.BadRequest($"a connection may be in {options.Rooms.MaxPerConnection} rooms"));
            foreach (var room in rooms)
                if (RoomName.Check(room) is { } error)
                    return (null, error);
        }
        if (awaitsToken) return (new ConnectRequest(null, rooms, named), null);
        if (context.User is TokenUser { AuthenticatedUser: var authenticated })
            return new ConnectRequest(null, rooms, named).Of(authenticated).Permitted(permissions);

        var username = query["username"].ToString();
        if (username.Length > UserIdentity.MaxNameLength)
            return (null, Error.BadRequest($"username is longer than {UserIdentity.MaxNameLength} characters"));
        if (username.Any(char.IsControl)) return (null, Error.BadRequest("username must not contain control characters"));
        if (!NameText.IsVisible(username, allowSpaces: true))
            return (null, Error.BadRequest("username must not contain invisible characters"));
        var (user, refused) = Identify(context.User, query["guest_key"].ToString(), NameText.Normalize(username.Trim()), options);
        return user == null ? (null, refused) : new ConnectRequest(user, rooms, named).Permitted(permissions);
    }

    /// <summary>Returns the request with its authenticated user.</summary>
    public ConnectRequest Of(AuthenticatedUser authenticated) => this with { User = authenticated.User, Token = authenticated.Term };

    /// <summary>
    /// Removes the default rooms that the user may not join. A room that the client has named and may not join is an error.
    /// </summary>
    public (ConnectRequest? Request, Error? Error) Permitted(RoomPermissions permissions)
    {
        var allowed = new List<string>(Rooms.Count);
        foreach (var room in Rooms)
        {
            var error = permissions.Check(User!, room, RoomAction.Join);
            if (error == null) allowed.Add(room);
            else if (RoomsNamed) return (null, error);
        }
        return (this with { Rooms = allowed }, null);
    }

    private static (UserIdentity?, Error?) Identify(ClaimsPrincipal user, string guestKey, string username, GatewayOptions options)
    {
        if (user.Identity?.IsAuthenticated == true
            && (user.FindFirstValue("sub") ?? user.FindFirstValue(ClaimTypes.NameIdentifier)) is { Length: > 0 } sub)
        {
            var name = NameText.Strip(user.FindFirstValue("preferred_username") ?? user.Identity.Name ?? sub);
            return (
                new UserIdentity(
                    sub, name.Length > 0 ? name : sub,
                    user.FindFirstValue("azp") ?? user.FindFirstValue("client_id"))
                { Roles = RolesOf(user, options.Auth.RolesClaim) },
                null);
        }
        return options.Auth.Mode == AuthMode.None ? Guest.Identify(guestKey, username) : (null, Error.Unauthorized);
    }

    private static FrozenSet<string> RolesOf(ClaimsPrincipal user, string rolesClaim) =>
        user.Identities
            .SelectMany(identity => identity.Claims.Where(claim => claim.Type == rolesClaim || claim.Type == identity.RoleClaimType))
            .Select(claim => claim.Value)
            .ToFrozenSet(StringComparer.Ordinal);
}
