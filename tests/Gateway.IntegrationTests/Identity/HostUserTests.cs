using System.Net;
using System.Security.Claims;
using Gateway.AspNetCore.Options;
using Gateway.Configuration;
using Gateway.Core.Connections;
using Gateway.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Gateway.IntegrationTests.Identity;

/// <summary>An application that embeds the gateway and knows its users itself.</summary>
public sealed class HostUserTests
{
    [Theory]
    [InlineData(Kind.Raw, AuthMode.None)]
    [InlineData(Kind.SignalR, AuthMode.None)]
    [InlineData(Kind.Raw, AuthMode.Jwt)]
    [InlineData(Kind.SignalR, AuthMode.Jwt)]
    public async Task UserWhomTheHostHasAuthenticatedNeedsNoToken(Kind kind, AuthMode mode)
    {
        await using var host = await StartAsync(mode);
        var server = new Uri(host.Urls.First());

        await using var client = await Clients.ConnectAsync(kind, server, "?as=ada");

        var user = host.Services.GetRequiredService<ConnectionTable>().Find(client.ConnectionId)!.User;
        Assert.Equal(("ada", "Ada", "intranet"), (user.Id, user.Name, user.ClientId));
        Assert.Equal(["clerk"], user.Roles);
    }

    [Fact]
    public async Task WhomItDoesNotKnowIsAskedForAToken()
    {
        await using var host = await StartAsync(AuthMode.Jwt);
        using var http = new HttpClient();

        using var without = await http.GetAsync(new Uri(host.Urls.First() + "/ws")).Within("the answer");
        using var with = await http.GetAsync(new Uri(host.Urls.First() + "/ws?token=" + TestKey.Symmetric().Token())).Within("the answer");

        Assert.Equal((HttpStatusCode.Unauthorized, HttpStatusCode.UpgradeRequired), (without.StatusCode, with.StatusCode));
    }

    private static async Task<WebApplication> StartAsync(AuthMode mode)
    {
        var options = new ProgramOptions { RateLimit = { Messages = 0 }, MetricsStream = { Enabled = false }, Auth = { Mode = mode } };
        if (mode == AuthMode.Jwt) options.Auth.SigningKey = [System.Text.Encoding.UTF8.GetString(TestKey.Secret)];
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddGateway(options);
        var app = builder.Build();
        app.Urls.Add("http://127.0.0.1:0");
        app.Use((context, next) =>
        {
            if (context.Request.Query["as"].ToString() is { Length: > 0 } name)
            {
                Claim[] claims = [new("sub", name), new("name", "Ada"), new("azp", "intranet"), new(ClaimTypes.Role, "clerk")];
                context.User = new ClaimsPrincipal(new ClaimsIdentity(claims, "cookie of the host's", "name", ClaimTypes.Role));
            }
            return next(context);
        });
        app.UseRouting();
        app.MapGateway();
        await app.StartAsync().Within("the application to start");
        return app;
    }
}
