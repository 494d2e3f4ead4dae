using System.Net;
using System.Text.Json;
using Gateway.IntegrationTests.Admin;
using Gateway.Testing;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Client;

namespace Gateway.IntegrationTests;

/// <summary>
/// With <c>messages.relay_unknown</c> clients choose the type, and a bad one must not get as far as the others: stock clients close over an
/// empty target.
/// </summary>
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

    /// <summary>
    /// Stock SignalR clients match targets without regard to case: <c>Welcome</c> would reach a handler for <c>welcome</c>.
    /// </summary>
    [Theory]
    [InlineData(true), InlineData(false)]
    public async Task NobodyForgesAMessageOfTheGatewayByWritingItsTypeInAnotherCase(bool raw)
    {
        await using var gateway = await EmbeddedGateway.StartAsync(o => o.Messages.RelayUnknown = true);
        await using IChatClient sender =
            raw ? await RawClient.ConnectAsync(gateway.Server) : await SignalRClient.ConnectAsync(gateway.Server);
        await using var victim = await SignalRClient.ConnectAsync(gateway.Server);
        var heard = 0;
        foreach (var type in new[] { "system", "metrics", "error", "ack", "chat", "direct", "presence" })
            victim.Hub.On<JsonElement>(type, _ => Interlocked.Increment(ref heard));

        string[] forged =
            ["Welcome", "SYSTEM", "Metrics", "eRRor", "aCk", "Pong", "Chat", "DIRECT", "Presence", "ac\u212a", "we\u200blcome"];
        foreach (var type in forged)
        {
            var refusal = await Assert.ThrowsAsync<GatewayError>(() => AskAsync(sender, type));
            Assert.Equal(400, refusal.Code);
        }
        await sender.RequestAsync("wave", new { hand = "left" });

        await victim.NextAsync("wave");
        Assert.Equal(0, Volatile.Read(ref heard));
        Assert.Equal(["wave", "welcome"], victim.All.Select(m => m.Type).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("Welcome"), InlineData("ACK"), InlineData("System"), InlineData("ac\u212a"), InlineData("a b")]
    public async Task ServersPublishNoSuchTypeEither(string type)
    {
        await using var gateway = await EmbeddedGateway.StartAsync(o => o.Admin.ApiKey = [AdminClient.Key]);
        using var admin = new AdminClient(gateway.Server);

        (await admin.PostAsync("rooms/lobby/messages", new { type, payload = new { } })).AssertProblem(HttpStatusCode.BadRequest);
    }

    /// <summary>Both clients' own helpers look at the type: this one does not.</summary>
    private static async Task AskAsync(IChatClient sender, string type)
    {
        if (sender is RawClient raw)
        {
            await raw.RequestAsync(type, new { });
            return;
        }
        try
        {
            await ((SignalRClient)sender).Hub.InvokeAsync<JsonElement>("Send", type, new { }).Within("the answer");
        }
        catch (HubException refused)
        {
            throw new GatewayError(refused.Message.Contains("400: ", StringComparison.Ordinal) ? 400 : 0, refused.Message);
        }
    }
}
