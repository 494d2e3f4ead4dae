using Gateway.ChaosTests.Clients;

namespace Gateway.ChaosTests.Judging;

/// <summary>The judge is judged first: with made-up logs it has to see every fault, and none where there is none.</summary>
public sealed class VerdictTests
{
    private const string Room = "room";

    [Fact]
    public void EverythingOnceAndInOrderIsClean()
    {
        var verdict = Of([Log("r1", [Start, .. Messages(1, 5)]), Log("r2", [Start, .. Messages(1, 5)])], Acks(1, 5));

        verdict.NothingIsMissing();
        Assert.Equal(0, verdict.Told);
    }

    [Fact]
    public void GapIsALossForTheOneThatHasIt()
    {
        var verdict = Of([Log("r1", [Start, .. Messages(1, 5)]), Log("r2", [Start, .. Messages(1, 2), .. Messages(4, 5)])], Acks(1, 5));

        Assert.Equal((1, 0, 0, 0), Counts(verdict));
        Assert.Contains("r2 in room: 1 lost: e1:3\n", verdict.ToString());
    }

    [Fact]
    public void GapThatNobodyAcknowledgedIsALossToo() =>
        Assert.Equal((1, 0, 0, 0), Counts(Of([Log("r1", [Start, .. Messages(1, 1), .. Messages(3, 3)])], [Ack(1), Ack(3)])));

    [Fact]
    public void EndThatIsMissingIsALoss()
    {
        var verdict = Of([Log("r1", [Start, .. Messages(1, 20)]), Log("r2", [Start, .. Messages(1, 10)])], Acks(1, 20));

        Assert.Equal((10, 0, 0, 0), Counts(verdict));
        Assert.Contains("e1:11; e1:12; e1:13; e1:14; e1:15; …", verdict.ToString());
    }

    [Fact]
    public void MessageThatNobodyGotIsALoss() =>
        Assert.Equal((1, 0, 0, 0), Counts(Of([Log("r1", [Start, .. Messages(1, 2)])], Acks(1, 3))));

    [Fact]
    public void OffsetTwiceIsADuplicate() =>
        // the offset and the message
        Assert.Equal((0, 2, 0, 0), Counts(Of([Log("r1", [Start, .. Messages(1, 3), .. Messages(3, 4)])], Acks(1, 4))));

    [Fact]
    public void MessagePublishedTwiceIsADuplicate()
    {
        var verdict = Of([Log("r1", [Start, new Message(1, Id(1)), new Message(2, Id(1))])], [Ack(1)]);

        Assert.Equal((0, 1, 0, 0), Counts(verdict));
    }

    [Fact]
    public void OffsetsThatGoBackAreOutOfOrder() =>
        // the offset and the sender
        Assert.Equal(
            2,
            Of([Log("r1", [Start, new Message(2, Id(2)), new Message(1, Id(1)), new Message(3, Id(3))])], Acks(1, 3))
                .Count(Verdict.OutOfOrder));

    [Fact]
    public void SenderThatIsHeardInAnotherOrderIsOutOfOrder()
    {
        var verdict = Of(
            [Log("r1", [Start, new Message(1, Id(2)), new Message(2, Id(1))])],
            [new Acknowledged(Room, Id(2), 1), new Acknowledged(Room, Id(1), 2)]);

        Assert.Equal((0, 0, 1, 0), Counts(verdict));
    }

    [Fact]
    public void AcknowledgementWithAnotherOffsetIsWrong() =>
        Assert.Equal((0, 0, 0, 1), Counts(Of([Log("r1", [Start, .. Messages(1, 2)])], [Ack(1), new Acknowledged(Room, Id(2), 7)])));

    [Fact]
    public void PlaceThatHoldsTwoMessagesIsWrong() =>
        Assert.Equal(
            1, Of([Log("r1", [Start, new Message(1, Id(1))]), Log("r2", [Start, new Message(1, Id(2))])], []).Count(Verdict.Wrong));

    [Fact]
    public void FaultThatAClientSawIsWrong() =>
        Assert.Equal((0, 0, 0, 1), Counts(new Verdict([Log("r1", [Start])], [], ["403: not in room"])));

    [Fact]
    public void ResumedWhereItStoppedIsClean() =>
        Of([Log("r1", [Start, .. Messages(1, 3), Resumed(3, 6), .. Messages(4, 9)])], Acks(1, 9)).NothingIsMissing();

    [Fact]
    public void ResumedWithAnotherNumberThanPromisedIsWrong() =>
        Assert.Equal(
            (0, 0, 0, 1),
            Counts(Of([Log("r1", [Start, .. Messages(1, 3), Resumed(3, 6) with { Replayed = 4 }, .. Messages(4, 9)])], Acks(1, 9))));

    [Fact]
    public void PromiseToReplayThatIsNotKeptIsALoss() =>
        Assert.Equal((3, 0, 0, 0), Counts(Of([Log("r1", [Start, .. Messages(1, 3), Resumed(3, 6), .. Messages(7, 9)])], Acks(1, 9))));

    [Fact]
    public void LateComerMissesNothingOfBefore() =>
        Of(
            [Log("r1", [Start, .. Messages(1, 9)]), Log("r2", [new JoinResult(new Position("e1", 5)), .. Messages(6, 9)])],
            Acks(1, 9)).NothingIsMissing();

    [Fact]
    public void GapThatIsExactlyWhatIsMissingIsTold()
    {
        var verdict = Of([Log("r1", [Start, .. Messages(1, 3), new Gap(4, 6, 3), .. Messages(7, 9)])], Acks(1, 9));

        verdict.NothingIsUntold();
        Assert.Equal((3, 1), (verdict.Told, verdict.Gaps));
        Assert.ThrowsAny<Exception>(verdict.NothingIsMissing);
    }

    [Theory]
    [InlineData(3, 6)] // 3 came
    [InlineData(4, 5)] // 6 did not come either
    [InlineData(5, 6)] // 4 did not come either
    [InlineData(4, 7)] // 7 comes
    public void GapThatIsNotExactlyWhatIsMissingFails(long from, long to) =>
        Assert.False(Of([Log("r1", [Start, .. Messages(1, 3), new Gap(from, to, to - from + 1), .. Messages(7, 9)])], Acks(1, 9)).IsClean);

    [Fact]
    public void GapWithAWrongCountFails() =>
        Assert.Equal((0, 0, 0, 1), Counts(Of([Log("r1", [Start, .. Messages(1, 3), new Gap(4, 6, 2), .. Messages(7, 9)])], Acks(1, 9))));

    [Fact]
    public void AnswerThatItIsNotRecoveredTellsWhatIsMissing()
    {
        var verdict = Of(
            [Log("r1", [Start, .. Messages(1, 3), NotRecovered(3, "e1", 6, "history too short"), .. Messages(7, 9)])], Acks(1, 9));

        verdict.NothingIsUntold();
        Assert.Equal((3, 1), (verdict.Told, verdict.NotRecovered("history too short")));
    }

    [Fact]
    public void PartThatWasReplayedBeforeTheHistoryEndedIsNotMissing()
    {
        var verdict = Of(
            [Log("r1", [Start, .. Messages(1, 4), NotRecovered(3, "e1", 6, "history too short") with { Replayed = 1 }, .. Messages(7, 9)])],
            Acks(1, 9));

        verdict.NothingIsUntold();
        Assert.Equal(2, verdict.Told);
    }

    [Fact]
    public void AnswerThatItIsNotRecoveredThoughNothingIsMissingIsWrong() =>
        Assert.Equal(
            (0, 0, 0, 1),
            Counts(Of(
                [Log("r1", [Start, .. Messages(1, 3), NotRecovered(3, "e1", 3, "history too short"), .. Messages(4, 9)])],
                Acks(1, 9))));

    [Fact]
    public void PositionThatGoesBackUnderItsEpochIsWrong() =>
        Assert.False(Of([Log("r1", [Start, .. Messages(1, 3), NotRecovered(3, "e1", 1, "position unknown")])], Acks(1, 3)).IsClean);

    [Fact]
    public void ChangeOfEpochTellsWhatTheOldOneHadMore()
    {
        var verdict = Of(
            [
                Log(
                    "r1",
                    [Start, .. Messages(1, 5), new EpochChanged(6, new Position("e2", 0)), new Message(1, Id(6)), new Message(2, Id(7))]),
                Log(
                    "r2",
                    [Start, .. Messages(1, 3), new EpochChanged(4, new Position("e2", 0)), new Message(1, Id(6)), new Message(2, Id(7))]),
                Log("r3", [Start, .. Messages(1, 4), NotRecovered(4, "e2", 1, "epoch changed"), new Message(2, Id(7))]),
            ],
            [.. Acks(1, 5), new Acknowledged(Room, Id(6), 1), new Acknowledged(Room, Id(7), 2)]);

        verdict.NothingIsUntold();
        Assert.Equal((4, 3), (verdict.Told, verdict.EpochChanges)); // r2: 4 and 5; r3: 5, and 1 of e2
    }

    [Fact]
    public void MessageThatNobodyGotBeforeTheEpochChangedIsToldToAll()
    {
        var verdict = Of(
            [Log("r1", [Start, .. Messages(1, 5), new EpochChanged(6, new Position("e2", 0)), new Message(1, Id(7))])],
            [.. Acks(1, 6), new Acknowledged(Room, Id(7), 1)]);

        verdict.NothingIsUntold();
        Assert.Equal(1, verdict.Told);
    }

    [Theory]
    [InlineData(5)] // came
    [InlineData(7)] // 6 did not come either
    public void ChangeOfEpochThatTellsAnotherPlaceFails(long from) =>
        Assert.False(Of(
            [Log("r1", [Start, .. Messages(1, 5), new EpochChanged(from, new Position("e2", 0)), new Message(1, Id(7))])],
            [.. Acks(1, 6), new Acknowledged(Room, Id(7), 1)]).IsClean);

    [Fact]
    public void GapInTheNewEpochIsALoss() =>
        Assert.Equal((1, 0, 0, 0), Counts(Of(
            [
                Log("r1", [Start, new EpochChanged(1, new Position("e2", 0)), new Message(1, Id(1)), new Message(2, Id(2))]),
                Log("r2", [Start, new EpochChanged(1, new Position("e2", 0)), new Message(2, Id(2))]),
            ],
            Acks(1, 2))));

    [Fact]
    public void ChangeOfEpochThatIsNotToldIsSeen() =>
        Assert.False(Of(
            [Log("r1", [Start, .. Messages(1, 3), new Message(1, Id(4)), new Message(2, Id(5))])],
            [.. Acks(1, 3), new Acknowledged(Room, Id(4), 1), new Acknowledged(Room, Id(5), 2)]).IsClean);

    [Fact]
    public void MessageSentAgainAfterItsFirstPublishingWasForgottenIsARepeat()
    {
        var verdict = Of(
            [Log("r1", [Start, .. Messages(1, 3), new EpochChanged(4, new Position("e2", 0)), new Message(1, Id(3))])],
            [.. Acks(1, 2), new Acknowledged(Room, Id(3), 1)]);

        verdict.NothingIsUntold();
        Assert.Equal(1, verdict.Repeated);
    }

    [Fact]
    public void AcknowledgedMessageThatComesAgainInANewEpochIsADuplicate() =>
        Assert.Equal(
            1,
            Of([Log("r1", [Start, .. Messages(1, 3), new EpochChanged(4, new Position("e2", 0)), new Message(1, Id(3))])], Acks(1, 3))
                .Count(Verdict.Duplicated));

    private static JoinResult Start => new(new Position("e1", 0));

    private static JoinResult Resumed(long since, long at) =>
        new(new Position("e1", at), new Position("e1", since), Recovered: true, Replayed: at - since);

    private static JoinResult NotRecovered(long since, string epoch, long at, string reason) =>
        new(new Position(epoch, at), new Position("e1", since), Reason: reason);

    private static MessageId Id(long number) => new("s", (int)number);

    private static Acknowledged Ack(long number) => new(Room, Id(number), number);

    private static IEnumerable<Acknowledged> Acks(int from, int to) => Enumerable.Range(from, to - from + 1).Select(n => Ack(n));

    private static IEnumerable<Message> Messages(int from, int to) =>
        Enumerable.Range(from, to - from + 1).Select(n => new Message(n, Id(n)));

    private static RoomLog Log(string receiver, IEnumerable<Seen> seen) => new RoomLog(receiver, Room).Add(seen);

    private static Verdict Of(IEnumerable<RoomLog> logs, IEnumerable<Acknowledged> acknowledged) => new(logs, [.. acknowledged]);

    private static (int, int, int, int) Counts(Verdict verdict) =>
        (verdict.Count(Verdict.Lost), verdict.Count(Verdict.Duplicated), verdict.Count(Verdict.OutOfOrder), verdict.Count(Verdict.Wrong));
}
