using Gateway.Core.Connections;
using Gateway.Core.Messages;
using Gateway.Core.Supervision;

namespace Gateway.Core.Tests.Connections;

public sealed class ConnectionEndTests
{
    [Theory]
    [InlineData(1000, DisconnectReason.Normal)]
    [InlineData(1001, DisconnectReason.GoingAway)]
    [InlineData(1005, DisconnectReason.Normal)]
    [InlineData(1002, DisconnectReason.ProtocolError)]
    [InlineData(1011, DisconnectReason.OtherCode)]
    [InlineData(4321, DisconnectReason.ApplicationCode)]
    internal void CloseCodeOfTheClientBecomesOneOfFewReasons(int code, DisconnectReason expected) =>
        Assert.Equal(expected, ConnectionEnd.ByClient(code, null).Reason);

    [Fact]
    public void WhatTheClientWritesCannotBreakTheLog() => Assert.Equal("a??b?c", ConnectionEnd.ByClient(4000, "a\r\nb\u202ec").Text);

    [Fact]
    public void EveryReasonToCloseHasALabel()
    {
        var reasons = typeof(CloseReason).GetProperties().Where(
            p => p.PropertyType == typeof(CloseReason)).Select(p => (CloseReason)p.GetValue(null)!).ToList();

        var labels = reasons.Select(DisconnectReasons.Of).ToList();

        Assert.Equal(reasons.Count, labels.Distinct().Count());
        Assert.DoesNotContain(DisconnectReason.Policy, labels);
    }

    [Fact]
    public async Task FirstToKnowDecides()
    {
        using var core = new TestCore();
        var client = await core.ConnectAsync([]);

        client.Connection.Close(CloseReason.Kicked);

        Assert.False(client.Connection.TrySetEnd(ConnectionEnd.ByClient(1000, null)));
        Assert.Equal(DisconnectReason.Kicked, client.Connection.End!.Reason);
    }

    [Fact]
    public void LogThrottleLetsOneLineASecondThroughAndCountsTheOthers()
    {
        var time = new FakeTime();
        var throttle = new LogThrottle(time);

        Assert.True(throttle.TryEnter(out _));
        for (var i = 0; i < 5; i++) Assert.False(throttle.TryEnter(out _));
        time.Advance(TimeSpan.FromSeconds(1));

        Assert.True(throttle.TryEnter(out var suppressed));
        Assert.Equal(5, suppressed);
    }
}
