using Gateway.Core.Moderation;

namespace Gateway.Core.Tests.Moderation;

public sealed class RestrictionTableTests
{
    private readonly FakeTime _time = new();
    private readonly List<string> _imposed = [];
    private readonly RestrictionTable _book;

    public RestrictionTableTests()
    {
        _book = new RestrictionTable(_time);
        _book.Imposed += s => _imposed.Add(s.UserId);
    }

    [Fact]
    public void OfAllThatHoldsOnlyWhatIsNewIsTold()
    {
        var (ada, bob) = (Ban("ada"), Ban("bob"));
        _book.Impose(ada);
        _book.Impose(Ban("cyd"));

        _book.Replace([ada, bob]);

        Assert.Equal(["ada", "cyd", "bob"], _imposed);
        Assert.Equal(["ada", "bob"], _book.All.Select(s => s.UserId).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void WhatIsOverIsForgotten()
    {
        _book.Impose(Ban("ada", TimeSpan.FromSeconds(10)));
        _book.Impose(Ban("bob"));

        _time.Advance(TimeSpan.FromSeconds(11));
        _book.RemoveExpired();

        Assert.Equal(["bob"], _book.All.Select(s => s.UserId));
    }

    [Fact]
    public void WhatIsOverAlreadyIsNotTold()
    {
        _book.Replace([Ban("ada", TimeSpan.FromSeconds(-1))]);

        Assert.Empty(_imposed);
        Assert.Null(_book.Find(RestrictionKind.Ban, "ada", null));
    }

    private Restriction Ban(string user, TimeSpan? duration = null) =>
        new(RestrictionKind.Ban, user, null, _time.GetUtcNow(), _time.GetUtcNow() + duration);
}
