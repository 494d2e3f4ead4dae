using System.Security.Claims;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.IntegrationTests.Presence;

/// <summary>
/// An application that authenticates its requests, as one that embeds the gateway may: <c>?user=ada</c> is ada, wherever she connects.
/// </summary>
internal sealed class NamedUsers : IStartupFilter
{
    public static void Add(IServiceCollection services) => services.AddSingleton<IStartupFilter>(new NamedUsers());

    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        app.Use((context, next) =>
        {
            if (context.Request.Query["user"].ToString() is { Length: > 0 } user)
                context.User = new ClaimsPrincipal(
                    new ClaimsIdentity(
                        [new Claim("sub", user), new Claim("preferred_username", user.ToUpperInvariant()), new Claim("azp", "tests")],
                        "test"));
            return next(context);
        });
        next(app);
    };
}
