using Gateway.Core.Messages;
using Gateway.Core.Presence;
using Gateway.Core.Supervision;
using Gateway.Core.Tests.Broadcast;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.Core.Tests.Presence;

public sealed class InProcessRosterTests : RosterSpec
{
    private static readonly Supervisor Supervisor = new Supervisor(TimeProvider.System, NullLogger<Supervisor>.Instance);

    private InProcessRoster? _roster;

    internal override ValueTask<IRoster> OpenAsync(TimeSpan grace, RecordingReceiver told)
    {
        Announce announce = (audience, message) =>
        {
            told.Deliver(audience, message, Position.None);
            return default;
        };
        return new(_roster = Roster(grace, announce));
    }

    protected override ValueTask CloseAsync() => _roster?.DisposeAsync() ?? default;

    [Fact]
    public async Task WhoeverCannotBeToldOfDoesNotLoseItsPlace()
    {
        await using var roster = Roster(TimeSpan.FromMilliseconds(1), static (_, _) => ValueTask.FromException(new InvalidOperationException("nobody listens")));
        var (ada, bob) = (Users.Connect("ada"), Users.Connect("bob"));

        await roster.EnterAsync(Team, ada).Bounded();
        await roster.EnterAsync(Team, bob).Bounded();
        await roster.LeaveAsync(Team, ada, atOnce: false).Bounded();

        await Within.Until(() => roster.ListAsync(Team).AsTask().Result.Count == 1, "only bob is there");
    }

    [Fact]
    public async Task EndsWhileSomebodyMayStillComeBack()
    {
        var roster = Roster(TimeSpan.FromHours(1), static (_, _) => default);
        var ada = Users.Connect("ada");
        await roster.EnterAsync(Team, ada).Bounded();
        await roster.LeaveAsync(Team, ada, atOnce: false).Bounded();

        await roster.DisposeAsync().Bounded();
    }

    private static InProcessRoster Roster(TimeSpan grace, Announce announce) => new(Rooms, announce, grace, Supervisor, TimeProvider.System, NullLogger<InProcessRoster>.Instance);
}
