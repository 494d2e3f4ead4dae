using Gateway.Core.Messages;
using Gateway.Core.Presence;
using Gateway.Core.Supervision;
using Gateway.Core.Tests.Broadcast;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.Core.Tests.Presence;

public sealed class InProcessPresenceStoreTests : PresenceSpec
{
    private static readonly Supervisor Supervisor = new Supervisor(TimeProvider.System, NullLogger<Supervisor>.Instance);

    private InProcessPresenceStore? _presence;

    internal override ValueTask<IPresenceStore> OpenAsync(TimeSpan grace, RecordingReceiver told)
    {
        Announce announce = (audience, message) =>
        {
            told.Deliver(audience, message, Position.None);
            return default;
        };
        return new(_presence = Presence(grace, announce));
    }

    protected override ValueTask CloseAsync() => _presence?.DisposeAsync() ?? default;

    [Fact]
    public async Task WhoeverCannotBeToldOfDoesNotLoseItsPlace()
    {
        await using var presence = Presence(
            TimeSpan.FromMilliseconds(1), static (_, _) => ValueTask.FromException(new InvalidOperationException("nobody listens")));
        var (ada, bob) = (Users.Connect("ada"), Users.Connect("bob"));

        await presence.AddAsync(Team, ada).Bounded();
        await presence.AddAsync(Team, bob).Bounded();
        await presence.RemoveAsync(Team, ada, immediately: false).Bounded();

        await Within.Until(() => presence.ListAsync(Team).AsTask().Result.Count == 1, "only bob is there");
    }

    [Fact]
    public async Task EndsWhileSomebodyMayStillComeBack()
    {
        var presence = Presence(TimeSpan.FromHours(1), static (_, _) => default);
        var ada = Users.Connect("ada");
        await presence.AddAsync(Team, ada).Bounded();
        await presence.RemoveAsync(Team, ada, immediately: false).Bounded();

        await presence.DisposeAsync().Bounded();
    }

    private static InProcessPresenceStore Presence(TimeSpan grace, Announce announce) =>
        new(Rooms, announce, grace, Supervisor, TimeProvider.System, NullLogger<InProcessPresenceStore>.Instance);
}
