using System.Security.Claims;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.IntegrationTests.Moderation;

/// <summary>
/// An application that authenticates its requests, as one that embeds the gateway may: <c>?user=ada&amp;role=moderator</c> is ada, a
/// moderator.
/// </summary>
internal sealed class UsersWithRoles : IStartupFilter
{
    public const string Moderator = "?rooms=team&user=mod&role=moderator";

    public static void Add(IServiceCollection services) => services.AddSingleton<IStartupFilter>(new UsersWithRoles());

    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        app.Use((context, next) =>
        {
            var query = context.Request.Query;
            if (query["user"].ToString() is { Length: > 0 } user)
                context.User = new ClaimsPrincipal(
                    new ClaimsIdentity([new Claim("sub", user), .. query["role"].Select(role => new Claim("roles", role!))], "test"));
            return next(context);
        });
        next(app);
    };
}
