using System.Net;
using System.Security.Claims;
using Gateway.Core.Hosting;
using Gateway.Testing;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Gateway.IntegrationTests.Embedding;

/// <summary>Somebody's ASP.NET Core application with the gateway in it.</summary>
internal sealed class Application : IAsyncDisposable
{
    private readonly WebApplication _app;

    private Application(WebApplication app)
    {
        _app = app;
        Server = new Uri(app.Urls.First());
        Http = new HttpClient { BaseAddress = Server };
    }

    public Uri Server { get; }
    public HttpClient Http { get; }
    public IServiceProvider Services => _app.Services;

    /// <param name="add">Adds the gateway; <c>null</c>: with its defaults.</param>
    /// <param name="map">Maps it; <c>null</c>: by <c>MapGateway</c>.</param>
    public static async Task<Application> StartAsync(Action<WebApplicationBuilder>? add = null, Action<WebApplication>? map = null)
    {
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        if (add == null) builder.Services.AddGateway(Quiet);
        else add(builder);
        var app = builder.Build();
        app.Urls.Add("http://127.0.0.1:0");
        if (map == null) app.MapGateway();
        else map(app);
        await app.StartAsync().Within("the application to start");
        return new Application(app);
    }

    public static void Quiet(AspNetCore.Options.GatewayOptions options) => options.MetricsStream.Enabled = false;

    public async Task<HttpStatusCode> StatusAsync(HttpMethod method, string path, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path);
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        using var response = await Http.SendAsync(request).Within("the answer");
        return response.StatusCode;
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _app.StopAsync().Within("the application to stop", TimeSpan.FromSeconds(30));
        await _app.DisposeAsync();
    }

    /// <summary>Whoever sends the header X-User, or its name as a token, is that user.</summary>
    public sealed class HeaderAuthentication(
        IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory loggers, System.Text.Encodings.Web.UrlEncoder encoder)
        : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, encoder)
    {
        protected override Task<AuthenticateResult> HandleAuthenticateAsync()
        {
            var user = Request.Headers["X-User"].ToString();
            if (Request.Headers.Authorization.ToString() is ['B', 'e', 'a', 'r', 'e', 'r', ' ', .. var token]) user = token;
            if (user.Length == 0) return Task.FromResult(AuthenticateResult.NoResult());
            var claims = new[] { new Claim("sub", user), new Claim("name", user) };
            var principal = new ClaimsPrincipal(new ClaimsIdentity(claims, Scheme.Name, "name", "role"));
            return Task.FromResult(AuthenticateResult.Success(new AuthenticationTicket(principal, Scheme.Name)));
        }
    }
}
