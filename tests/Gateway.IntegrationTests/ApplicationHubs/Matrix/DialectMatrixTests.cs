using Gateway.Testing;

namespace Gateway.IntegrationTests.ApplicationHubs.Matrix;

/// <summary>Everything that one client of a hub can do to another, whichever dialects they speak and replicas they are on.</summary>
public sealed class DialectMatrixTests(MatrixServers servers) : IClassFixture<MatrixServers>
{
    private readonly string _name = Guid.NewGuid().ToString("N")[..8];

    public enum Speaks
    {
        Raw,
        SignalR,
    }

    public static MatrixTheoryData<Speaks, Speaks, bool> Pairs =>
        new([Speaks.Raw, Speaks.SignalR], [Speaks.Raw, Speaks.SignalR], [false, true]);

    private string Sender => "sender " + _name;

    private string Receiver => "receiver " + _name;

    [Theory]
    [MemberData(nameof(Pairs))]
    public Task WhatIsSentToAllReachesBoth(Speaks from, Speaks to, bool onOtherReplica) =>
        BetweenAsync(from, to, onOtherReplica, async (sender, receiver) =>
    {
        await sender.CallAsync(nameof(MatrixHub.ToAll), "all " + _name);

        Assert.Equal("all " + _name, (await receiver.NextAsync("heard")).GetString());
        Assert.Equal("all " + _name, (await sender.NextAsync("heard")).GetString());
    });

    [Theory]
    [MemberData(nameof(Pairs))]
    public Task WhatIsSentToOthersDoesNotReachTheCaller(Speaks from, Speaks to, bool onOtherReplica) =>
        BetweenAsync(from, to, onOtherReplica, async (sender, receiver) =>
        {
            await sender.CallAsync(nameof(MatrixHub.ToOthers), "others");
            await sender.CallAsync(nameof(MatrixHub.ToAll), "all");

            Assert.Equal("others", (await receiver.NextAsync("heard")).GetString());
            Assert.Equal("all", (await sender.NextAsync("heard")).GetString());
            Assert.Equal(["all"], sender.Heard);
        });

    [Theory]
    [MemberData(nameof(Pairs))]
    public Task WhatIsSentToTheCallerReachesNobodyElse(Speaks from, Speaks to, bool onOtherReplica) =>
        BetweenAsync(from, to, onOtherReplica, async (sender, receiver) =>
        {
            await sender.CallAsync(nameof(MatrixHub.ToCaller), "caller");
            await sender.CallAsync(nameof(MatrixHub.ToOthers), "others");

            Assert.Equal("caller", (await sender.NextAsync("heard")).GetString());
            Assert.Equal("others", (await receiver.NextAsync("heard")).GetString());
            Assert.Equal(["others"], receiver.Heard);
        });

    [Theory]
    [MemberData(nameof(Pairs))]
    public Task GroupHearsWhileItsMembersAreInIt(Speaks from, Speaks to, bool onOtherReplica) =>
        BetweenAsync(from, to, onOtherReplica, async (sender, receiver) =>
        {
            var group = "a group, * }x " + _name;
            await sender.CallAsync(nameof(MatrixHub.Enter), group);
            await receiver.CallAsync(nameof(MatrixHub.Enter), group);

            await sender.CallAsync(nameof(MatrixHub.ToGroup), group, "both");
            await sender.CallAsync(nameof(MatrixHub.ToOthersInGroup), group, "not the sender");
            Assert.Equal("both", (await receiver.NextAsync("heard")).GetString());
            Assert.Equal("not the sender", (await receiver.NextAsync("heard")).GetString());
            await receiver.CallAsync(nameof(MatrixHub.Leave), group);
            await sender.CallAsync(nameof(MatrixHub.ToGroup), group, "without the receiver");
            await receiver.CallAsync(nameof(MatrixHub.Enter), group);
            await sender.CallAsync(nameof(MatrixHub.ToGroup), group, "both again");
            Assert.Equal("both again", (await receiver.NextAsync("heard")).GetString());

            foreach (var text in new[] { "both", "without the receiver", "both again" })
                Assert.Equal(text, (await sender.NextAsync("heard")).GetString());
        });

    [Theory]
    [MemberData(nameof(Pairs))]
    public Task UserAndConnectionAreReached(Speaks from, Speaks to, bool onOtherReplica) =>
        BetweenAsync(from, to, onOtherReplica, async (sender, receiver) =>
        {
            await sender.CallAsync(nameof(MatrixHub.ToUser), Receiver, "user");
            Assert.Equal("user", (await receiver.NextAsync("heard")).GetString());
            await sender.CallAsync(nameof(MatrixHub.ToClient), receiver.Id, "client");
            Assert.Equal("client", (await receiver.NextAsync("heard")).GetString());
            Assert.Empty(sender.Heard);
        });

    [Theory]
    [MemberData(nameof(Pairs))]
    public Task SeveralArgumentsAreTheSameInBothDialects(Speaks from, Speaks to, bool onOtherReplica) =>
        BetweenAsync(from, to, onOtherReplica, async (sender, receiver) =>
        {
            await sender.CallAsync(nameof(MatrixHub.Move), receiver.Id, 1, null);

            Assert.Equal("""[1,null,{"deep":"ü \uD83D\uDE00"}]""", (await receiver.NextAsync("moved")).GetRawText());
        });

    [Theory]
    [MemberData(nameof(Pairs))]
    public Task ClientIsAskedForAResult(Speaks from, Speaks to, bool onOtherReplica) =>
        BetweenAsync(from, to, onOtherReplica, async (sender, receiver) =>
        {
            var answering = receiver.AnswerOnceAsync();
            var answer = await sender.CallAsync(nameof(MatrixHub.Ask), receiver.Id, "what? é");

            Assert.Equal(("what? é", 7), (answer.GetProperty("text").GetString(), answer.GetProperty("length").GetInt32()));
            await answering;
        });

    [Theory]
    [MemberData(nameof(Pairs))]
    public Task StreamEndsWithoutAMessageInBetweenBeingLost(Speaks from, Speaks to, bool onOtherReplica) =>
        BetweenAsync(from, to, onOtherReplica, async (sender, receiver) =>
        {
            var counting = sender.CountAsync(50);
            await receiver.CallAsync(nameof(MatrixHub.ToClient), sender.Id, "meanwhile");

            Assert.Equal(Enumerable.Range(1, 50), await counting.Within("the stream"));
            Assert.Equal("meanwhile", (await sender.NextAsync("heard")).GetString());
        });

    private async Task BetweenAsync(Speaks from, Speaks to, bool onOtherReplica, Func<IPeer, IPeer, Task> test)
    {
        await using var sender = await servers.ConnectAsync(from == Speaks.Raw, Sender);
        await using var receiver = await servers.ConnectAsync(to == Speaks.Raw, Receiver, onOtherReplica);
        await test(sender, receiver);
    }
}
