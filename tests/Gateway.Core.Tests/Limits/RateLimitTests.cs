using Gateway.Core.Commands;
using Gateway.Core.Limits;

namespace Gateway.Core.Tests.Limits;

public sealed class RateLimitTests : IDisposable
{
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(10);

    private readonly TestCore _core = new();

    public void Dispose() => _core.Dispose();

    [Fact]
    public void ConnectionsOfOneUserShareItsQuota()
    {
        using var quotas = new InProcessUserQuotas(10, Window, _core.Supervisor, _core.Time);
        var limit = new MessageRateLimiter(0, Window, _core.Time) { PerUser = new UserRateLimit(10, Window, quotas) };
        var (first, second, other) = (_core.Client("ada").Connection, _core.Client("ada").Connection, _core.Client("bob").Connection);

        for (var i = 0; i < 5; i++)
        {
            Assert.Null(limit.Admit(first));
            Assert.Null(limit.Admit(second));
        }

        Assert.Equal(429, limit.Admit(first)?.Code);
        Assert.Equal(429, limit.Admit(second)?.Code);
        Assert.Null(limit.Admit(other));
        _core.Time.Advance(limit.Admit(first)!.RetryAfter!.Value);
        Assert.Null(limit.Admit(second));
    }

    [Fact]
    public void WhatTheUsersQuotaRefusesDoesNotCountAgainstTheConnection()
    {
        using var quotas = new InProcessUserQuotas(4, TimeSpan.FromSeconds(1), _core.Supervisor, _core.Time);
        var limit = new MessageRateLimiter(8, Window, _core.Time) { PerUser = new UserRateLimit(4, TimeSpan.FromSeconds(1), quotas) };
        var ada = _core.Client("ada").Connection;
        for (var i = 0; i < 4 + 6; i++) limit.Admit(ada);

        _core.Time.Advance(TimeSpan.FromSeconds(1));

        for (var i = 0; i < 4; i++) Assert.Null(limit.Admit(ada));
    }

    [Fact]
    public void ConnectionThatFloodsItsUsersQuotaIsClosed()
    {
        using var quotas = new InProcessUserQuotas(4, Window, _core.Supervisor, _core.Time);
        var limit = new MessageRateLimiter(0, Window, _core.Time) { PerUser = new UserRateLimit(4, Window, quotas) };
        var ada = _core.Client("ada").Connection;
        for (var i = 0; i < 4 + 20; i++) limit.Admit(ada);
        Assert.True(ada.Outbox.IsOpen);

        limit.Admit(ada);

        Assert.False(ada.Outbox.IsOpen);
    }

    [Fact]
    public void DryRunClosesNobody()
    {
        var limit = new MessageRateLimiter(1, Window, _core.Time) { DryRun = true };
        var ada = _core.Client("ada").Connection;

        for (var i = 0; i < 100; i++) limit.Admit(ada);

        Assert.True(ada.Outbox.IsOpen);
    }
}
