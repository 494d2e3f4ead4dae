using Gateway.Core.Supervision;

namespace Gateway.Core.Moderation;

/// <summary>The restrictions of a gateway that has one replica: they end with its process.</summary>
public sealed class InProcessRestrictionStore : IRestrictionStore, IDisposable
{
    private static readonly TimeSpan TidyInterval = TimeSpan.FromMinutes(1);

    private readonly RestrictionTable _book;
    private readonly ITimer _tidying;

    public InProcessRestrictionStore(Supervisor supervisor, TimeProvider time)
    {
        _book = new RestrictionTable(time);
        _tidying = supervisor.Loop("restrictions_tidy").Every(TidyInterval, _book.Tidy);
    }

    public event Action<Restriction>? Imposed
    {
        add => _book.Imposed += value;
        remove => _book.Imposed -= value;
    }

    public Restriction? Find(RestrictionKind kind, string userId, string? room = null) => _book.Find(kind, userId, room);

    public ValueTask ImposeAsync(Restriction restriction)
    {
        _book.Impose(restriction);
        return default;
    }

    public ValueTask<bool> LiftAsync(RestrictionKind kind, string userId, string? room = null) => new(_book.Lift(kind, userId, room));

    public void Dispose() => _tidying.Dispose();
}
