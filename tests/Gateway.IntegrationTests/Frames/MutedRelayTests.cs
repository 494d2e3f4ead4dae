using Gateway.AspNetCore.Domains;
using Gateway.AspNetCore.Options;
using Gateway.Core.Connections;
using Gateway.Core.Moderation;
using Gateway.Core.Rooms;
using Gateway.Testing;

namespace Gateway.IntegrationTests.Frames;

/// <summary>A muted user says nothing through a relay either.</summary>
public sealed class MutedRelayTests
{
    [Theory]
    [InlineData("/relay", "")]
    [InlineData("/relay-test", "test")]
    public async Task FramesOfAMutedUserAreNotRelayedUntilItMaySpeakAgain(string path, string hub)
    {
        await using var gateway = await EmbeddedGateway.StartAsync(o =>
        {
            o.Hubs["test"] = new NamedHubOptions();
            o.Handlers.Add(new HandlerOptions { Path = "/relay", Handler = BuiltInHandler.Relay });
            o.Handlers.Add(new HandlerOptions { Path = "/relay-test", Handler = BuiltInHandler.Relay, Hub = "test" });
            o.Admin.ApiKey = [Admin.AdminClient.Key];
        });
        using var admin = new Admin.AdminClient(gateway.Server);
        await using var known = await RawClient.ConnectAsync(gateway.Server, "?guest_key=the-key-of-a-muted-user&rooms=");
        using var muted = await FrameClient.ConnectAsync(gateway.Server, path + "?guest_key=the-key-of-a-muted-user");
        using var other = await FrameClient.ConnectAsync(gateway.Server, path);
        var user = ((IChatClient)known).UserId;
        await Deadline.Until(
            () => gateway.Get<GatewayDomains>()[hub].Get<RoomTable>().Find("frame relay")?.MemberCount == 2, "both are on the relay");

        await gateway.Get<GatewayDomains>()[hub].Get<Moderator>().MuteAsync(user, null, TimeSpan.FromMinutes(10), "test");
        await muted.SendAsync("unheard");
        await Deadline.Until(() => gateway.Get<GatewayDomains>()[hub].Get<GatewayMeter>().MutedFrames == 1, "it is counted");
        await other.SendAsync("heard");
        Assert.Equal("heard", await muted.ReadTextAsync()); // and it still hears the others
        Assert.Equal("heard", await other.ReadTextAsync());

        await gateway.Get<GatewayDomains>()[hub].Get<Moderator>().UnmuteAsync(user, null, "test");
        await muted.SendAsync("again");
        Assert.Equal("again", await other.ReadTextAsync());
    }
}
