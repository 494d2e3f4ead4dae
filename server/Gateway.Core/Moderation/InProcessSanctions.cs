using Gateway.Core.Supervision;

namespace Gateway.Core.Moderation;

/// <summary>The sanctions of a gateway that has one replica: they end with its process.</summary>
public sealed class InProcessSanctions : ISanctions, IDisposable
{
    private static readonly TimeSpan TidyInterval = TimeSpan.FromMinutes(1);

    private readonly SanctionBook _book;
    private readonly ITimer _tidying;

    public InProcessSanctions(Supervisor supervisor, TimeProvider time)
    {
        _book = new SanctionBook(time);
        _tidying = supervisor.Loop("sanctions_tidy").Every(TidyInterval, _book.Tidy);
    }

    public event Action<Sanction>? Imposed
    {
        add => _book.Imposed += value;
        remove => _book.Imposed -= value;
    }

    public Sanction? Find(SanctionKind kind, string userId, string? room = null) => _book.Find(kind, userId, room);

    public ValueTask ImposeAsync(Sanction sanction)
    {
        _book.Impose(sanction);
        return default;
    }

    public ValueTask<bool> LiftAsync(SanctionKind kind, string userId, string? room = null) => new(_book.Lift(kind, userId, room));

    public void Dispose() => _tidying.Dispose();
}
