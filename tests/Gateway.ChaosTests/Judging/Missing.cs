using Gateway.ChaosTests.Clients;

namespace Gateway.ChaosTests.Judging;

/// <summary>Offsets of an epoch that a client was told will not come, or that were there before it came itself.</summary>
/// <param name="To">Null: everything from <paramref name="From"/> on.</param>
internal sealed record Missing(string Epoch, long From, long? To, bool WasTold = true)
{
    public bool Covers(Position position) => position.Epoch == Epoch && Covers(position.Offset);

    public bool Covers(long offset) => offset >= From && offset <= (To ?? long.MaxValue);
}
