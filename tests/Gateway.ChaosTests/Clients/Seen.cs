namespace Gateway.ChaosTests.Clients;

/// <summary>One of the things that a client can come to know of a room.</summary>
internal abstract record Seen;

/// <summary>The answer to a join.</summary>
/// <param name="Since">The position from which it asked to go on; null: it asked for none.</param>
/// <param name="Reason">Why it was not recovered.</param>
/// <param name="Replayed">How many messages it was promised: they follow if it is recovered; otherwise they stand before this.</param>
internal sealed record JoinResult(Position At, Position? Since = null, bool Recovered = false, string? Reason = null, long Replayed = 0)
    : Seen;

internal sealed record Message(long Offset, MessageId Id) : Seen;

/// <summary>These offsets will not come.</summary>
internal sealed record Gap(long From, long To, long Missed) : Seen;

/// <summary>What the old epoch had from <paramref name="From"/> on will not come; it goes on after <paramref name="To"/>.</summary>
internal sealed record EpochChanged(long From, Position To) : Seen;
