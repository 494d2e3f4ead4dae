using System.Security.Claims;
using Gateway.Configuration;
using Gateway.Core.Connections;
using Gateway.Core.Messages;
using Gateway.Core.Rooms;

namespace Gateway.Security;

/// <summary>What a client says in the query of the request with which it connects: <c>?rooms=lobby,orders&amp;username=Ann&amp;guest_key=…</c>.</summary>
/// <param name="User">Who it is: the user that the host application authenticated, else an anonymous one.</param>
/// <param name="Rooms">The rooms to begin in.</param>
internal sealed record ConnectRequest(UserIdentity User, IReadOnlyList<string> Rooms)
{
    public static (ConnectRequest? Request, Error? Error) Read(HttpContext context, GatewayOptions options)
    {
        var query = context.Request.Query;
        IReadOnlyList<string> rooms = [.. options.Rooms.AutoJoin];
        if (query.TryGetValue("rooms", out var wanted))
        {
            rooms = [.. wanted.ToString().Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Distinct(StringComparer.Ordinal)];
            if (rooms.Count > options.Rooms.MaxPerConnection) return (null, Error.BadRequest($"a connection may be in {options.Rooms.MaxPerConnection} rooms"));
            foreach (var room in rooms)
                if (RoomName.Check(room) is { } error)
                    return (null, error);
        }
        var username = query["username"].ToString();
        if (username.Length > UserIdentity.MaxNameLength) return (null, Error.BadRequest($"username is longer than {UserIdentity.MaxNameLength} characters"));
        if (username.Any(char.IsControl)) return (null, Error.BadRequest("username must not contain control characters"));
        var (user, refused) = Identify(context.User, query["guest_key"].ToString(), username.Trim());
        return user == null ? (null, refused) : (new ConnectRequest(user, rooms), null);
    }

    private static (UserIdentity?, Error?) Identify(ClaimsPrincipal user, string guestKey, string username)
    {
        if (user.Identity?.IsAuthenticated == true && (user.FindFirstValue("sub") ?? user.FindFirstValue(ClaimTypes.NameIdentifier)) is { Length: > 0 } sub)
            return (new UserIdentity(sub, user.FindFirstValue("preferred_username") ?? user.Identity.Name ?? sub, user.FindFirstValue("azp")) { Roles = Roles(user) }, null);
        return Guest.Identify(guestKey, username);
    }

    private static HashSet<string> Roles(ClaimsPrincipal user) => [.. user.FindAll("roles").Select(static claim => claim.Value)];
}
