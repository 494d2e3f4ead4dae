using System.Security.Claims;

namespace Gateway.AspNetCore.Security;

/// <summary>Returns the id of the user who has sent a request.</summary>
internal static class RequestUser
{
    /// <returns><c>null</c> for an anonymous user.</returns>
    public static string? IdOf(HttpContext context) =>
        context.User.Identity?.IsAuthenticated == true
            ? context.User.FindFirstValue("sub") ?? context.User.FindFirstValue(ClaimTypes.NameIdentifier)
            : null;
}
