using FsCheck;
using FsCheck.Fluent;

namespace Gateway.Core.Tests.Connections;

public sealed class OutboxModelTests
{
    /// <summary>Each number is the seed of one thing done to the outbox; a failing run is shrunk by leaving things out.</summary>
    private static Arbitrary<int[]> Runs { get; } = Arb.From(
        Gen.Sized(size => Gen.Choose(0, int.MaxValue - 1).ArrayOf(10 + (3 * size))),
        run => run.Select((_, i) => (int[])[.. run[..i], .. run[(i + 1)..]]).Prepend(run[..(run.Length / 2)]));

    [Theory]
    [InlineData(8, 2_000, 0), InlineData(8, 2_000, 2), InlineData(1, 100_000, 1), InlineData(64, 200_000, 0), InlineData(5, 150, 1)]
    public void WhateverHappensNothingIsTornReorderedOrLostWithoutAWord(int messages, int bytes, int corks) =>
        Prop.ForAll(Runs, run =>
        {
            var model = new OutboxModel(messages, bytes, corks);
            foreach (var seed in run) model.Do(seed);
            model.Finish();
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(200).WithEndSize(60));
}
