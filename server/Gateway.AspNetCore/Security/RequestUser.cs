using System.Security.Claims;

namespace Gateway.AspNetCore.Security;

/// <summary>Who has sent a request, by the id that the user's connections have.</summary>
internal static class RequestUser
{
    /// <returns><c>null</c> for an anonymous user.</returns>
    public static string? IdOf(HttpContext context) =>
        context.User.Identity?.IsAuthenticated == true
            ? context.User.FindFirstValue("sub") ?? context.User.FindFirstValue(ClaimTypes.NameIdentifier)
            : null;
}
