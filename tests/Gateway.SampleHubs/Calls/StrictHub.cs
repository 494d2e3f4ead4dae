using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.SignalR;

namespace Gateway.SampleHubs.Calls;

/// <summary>
/// For users only, with SignalR's default options: one call of a client after the other, no details of errors, and small messages.
/// </summary>
[Authorize]
public sealed class StrictHub(Journal journal, Latches latches) : Hub
{
    public override async Task OnConnectedAsync()
    {
        if (Context.User?.Identity?.Name == "nobody") throw new InvalidOperationException("nobody may not come in");
        await Clients.All.SendAsync("Announced", "hub", $"{Context.UserIdentifier} is here");
    }

    public int Length(string text) => text.Length;

    public void Fail() => throw new InvalidOperationException("a detail");

    public void FailKnown() => throw new HubException("no such thing");

    public async Task<string> Hold(string latch)
    {
        journal.Note($"holding {latch}");
        await latches.WaitAsync(latch, Context.ConnectionAborted);
        return $"held {latch}";
    }

    public Task Say(string text) => Clients.All.SendAsync("Announced", Context.UserIdentifier, text);
}
