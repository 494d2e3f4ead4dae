using Gateway.AspNetCore.Hosting;
using Gateway.Core.Messages;
using Xunit;

namespace Gateway.Tests.Configuration;

public sealed class HubConfigurationTests : IDisposable
{
    private readonly ConfigurationFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("hubs: { Test: {} }", "hubs.Test")]
    [InlineData("hubs: { negotiate: {} }", "hubs.negotiate")]
    [InlineData("hubs: [test]", "hubs")]
    [InlineData("hubs: { t: { max_connections: -1 } }", "hubs.t.max_connections")]
    [InlineData("hubs: { t: { outbox: { capacity: 0 } } }", "hubs.t.outbox.capacity")]
    [InlineData("hubs: { t: { policies: [{ publish: server }] } }", "hubs.t.policies.0.match")]
    [InlineData("hubs: { t: { max_rooms_per_connection: 1, auto_join: [a, b] } }", "hubs.t.auto_join")]
    [InlineData("signalr: { path: /ws/t }\nhubs: { t: {} }", "hubs.t")]
    [InlineData("handlers: [{ handler: echo }]", "handlers.0.path")]
    [InlineData("handlers: [{ path: /a, handler: chat }]", "handlers.0.handler")]
    [InlineData("handlers: [{ path: /a, interval: 0 }]", "handlers.0.interval")]
    [InlineData("handlers: [{ path: /WS, handler: echo }]", "handlers.0.path")]
    [InlineData("handlers: [{ path: /ws/t, handler: echo }]\nhubs: { t: {} }", "handlers.0.path")]
    [InlineData("handlers: [{ path: /a }, { path: /A }]", "handlers.1.path")]
    [InlineData("handlers: [{ path: /a, hub: nowhere }]", "handlers.0.hub")]
    public void WrongValueIsOneFaultOfItsKey(string yaml, string key) => Assert.StartsWith(key + ": ", Assert.Single(_folder.Errors(yaml)));

    [Fact]
    public void WhatAHubDoesNotSetIsAsInTheGateway()
    {
        var gateway = _folder.Options("""
            outbox: { capacity: 7, on_full: drop_oldest }
            rate_limit: { messages: 8, window: 9s, control_frames: { frames: 33 }, announcements: { messages: 4 } }
            rooms: { max_per_connection: 11 }
            raw: { max_message_bytes: 512, pong_wait: 2m }
            hubs:
              plain: {}
              own: { auto_join: [a, metrics], metrics_stream: true, max_message_bytes: 1024, outbox: { capacity: 3 },
                     rate_limit: { messages: 0 }, policies: [{ match: a, history: 5 }] }
            """);
        var (plain, own) = (DomainSettings.Of("plain", gateway), DomainSettings.Of("own", gateway));

        Assert.Equal(
            (7, 8, 11, 512), (plain.Outbox.Capacity, plain.RateLimit.Messages, plain.Rooms.MaxPerConnection, plain.Raw.MaxMessageBytes));
        Assert.Equal((33, 4), (plain.RateLimit.ControlFrames.Frames, own.RateLimit.Announcements.Messages));
        Assert.Equal(["lobby"], plain.Rooms.AutoJoin);
        Assert.Equal((false, "gw:hub:plain"), (plain.MetricsStream.Enabled, gateway.Redis.ForDomain("plain").Prefix));
        Assert.Same(gateway.Rooms.Policies, plain.Rooms.Policies);
        Assert.Equal(
            (3, SlowConsumerPolicy.DropOldest, 0, TimeSpan.FromSeconds(9)),
            (own.Outbox.Capacity, own.Outbox.OnFull, own.RateLimit.Messages, own.RateLimit.Window));
        Assert.Equal(
            (1024, TimeSpan.FromMinutes(2), true, "a"),
            (own.Raw.MaxMessageBytes, own.Raw.PongWait, own.MetricsStream.Enabled, own.Rooms.Policies[0].Match));
        Assert.Equal((7, "gw"), (gateway.Outbox.Capacity, gateway.Redis.Prefix));
    }
}
