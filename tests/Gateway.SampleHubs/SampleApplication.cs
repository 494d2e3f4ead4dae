using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Gateway.SampleHubs.Calls;
using Gateway.SampleHubs.Identity;
using Gateway.SampleHubs.Rooms;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.SignalR;

namespace Gateway.SampleHubs;

/// <summary>The application: its services, its hubs, its endpoints. The gateway is one line of it, or two.</summary>
public static class SampleApplication
{
    public static WebApplication Build(bool onGateway, string? redis = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromSeconds(5));
        builder.Services.AddAuthentication(TokenAuthentication.Scheme)
            .AddScheme<AuthenticationSchemeOptions, TokenAuthentication>(TokenAuthentication.Scheme, configureOptions: null);
        builder.Services.AddAuthorization();
        builder.Services.AddSingleton<IUserIdProvider, UserIds>();
        builder.Services.AddSingleton<Journal>();
        builder.Services.AddSingleton<Latches>();
        builder.Services.AddScoped<Visit>();

        var signalR = builder.Services.AddSignalR(options => options.AddFilter<CountingFilter>())
            .AddHubOptions<RoomHub>(options => options.MaximumParallelInvocationsPerClient = 4)
            .AddHubOptions<CallHub>(options =>
            {
                options.EnableDetailedErrors = true;
                options.MaximumParallelInvocationsPerClient = 4;
                options.AddFilter<ChangingFilter>();
            })
            .AddHubOptions<StrictHub>(options => options.MaximumReceiveMessageSize = 1024)
            .AddJsonProtocol(options =>
            {
                options.PayloadSerializerOptions = new JsonSerializerOptions(JsonSerializerDefaults.Web)
                {
                    PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
                    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
                    Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
                };
                options.PayloadSerializerOptions.Converters.Add(new PriceConverter());
                options.PayloadSerializerOptions.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower));
            });
        Back(signalR, onGateway, redis);

        var app = builder.Build();
        app.UseAuthentication();
        app.UseAuthorization();
        app.MapHub<RoomHub>("/rooms");
        app.MapHub<CallHub>("/calls");
        app.MapHub<StrictHub>("/strict");
        app.MapServerSide();
        return app;
    }

    /// <summary>What the hubs stand on: the only difference between the application's two states.</summary>
    private static void Back(ISignalRServerBuilder signalR, bool onGateway, string? redis)
    {
        if (!onGateway) return;
        var gateway = signalR.AddGateway();
        if (redis != null) gateway.AddRedis(redis);
    }
}
