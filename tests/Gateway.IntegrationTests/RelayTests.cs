using Gateway.Testing;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Client;

namespace Gateway.IntegrationTests;

/// <summary>With <c>messages.relay_unknown</c> clients choose the type, and a bad one must not get as far as the others: stock clients close over an empty target.</summary>
public sealed class RelayTests
{
    [Theory]
    [InlineData("", "400: type must not be empty")]
    [InlineData("more than sixty-four bytes of a type that somebody thought up here", "400: type is longer than 64 bytes")]
    public async Task TypeThatNoRawClientMaySendIsNotTakenFromASignalRClientEither(string type, string expected)
    {
        await using var gateway = await EmbeddedGateway.StartAsync(o => o.Messages.RelayUnknown = true);
        await using var sender = await SignalRClient.ConnectAsync(gateway.Server);
        await using var bystander = await SignalRClient.ConnectAsync(gateway.Server);

        var refusal = await Assert.ThrowsAsync<HubException>(() => sender.Hub.InvokeAsync("Send", type, new { }).Within("the refusal"));

        Assert.EndsWith(expected, refusal.Message, StringComparison.Ordinal);
        await sender.ChatAsync("still here");
        Assert.Equal("still here", (await bystander.NextAsync("chat")).Text("content"));
    }
}
