using Gateway.Core.Supervision;

namespace Gateway.Core.Moderation;

/// <summary>The restrictions of a single replica. They end with the process.</summary>
internal sealed class InProcessRestrictionStore : IRestrictionStore, IDisposable
{
    private static readonly TimeSpan SweepInterval = TimeSpan.FromMinutes(1);

    private readonly RestrictionTable _table;
    private readonly ITimer _sweep;

    public InProcessRestrictionStore(Supervisor supervisor, TimeProvider time)
    {
        _table = new RestrictionTable(time);
        _sweep = supervisor.Loop("restrictions_tidy").Every(SweepInterval, _table.RemoveExpired);
    }

    public event Action<Restriction>? Imposed
    {
        add => _table.Imposed += value;
        remove => _table.Imposed -= value;
    }

    public Restriction? Find(RestrictionKind kind, string userId, string? room = null) => _table.Find(kind, userId, room);

    public ValueTask ImposeAsync(Restriction restriction)
    {
        _table.Impose(restriction);
        return default;
    }

    public ValueTask<bool> LiftAsync(RestrictionKind kind, string userId, string? room = null) => new(_table.Lift(kind, userId, room));

    public void Dispose() => _sweep.Dispose();
}
