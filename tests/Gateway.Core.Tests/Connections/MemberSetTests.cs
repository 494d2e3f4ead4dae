using Gateway.Core.Connections;

namespace Gateway.Core.Tests.Connections;

public sealed class MemberSetTests
{
    [Fact]
    public void EveryoneIsInItsShardOnceAndOutOfItOnce()
    {
        using var core = new TestCore();
        var set = new MemberSet(core.Connections.Shards);
        var members = Enumerable.Range(0, 50).Select(_ => new Membership(core.Client().Connection)).ToArray();
        foreach (var member in members) set.Add(member);
        var gone = members.Where((_, i) => i % 3 == 1).ToArray();

        Assert.All(gone, m => Assert.True(set.Remove(m)));
        Assert.All(gone, m => Assert.False(set.Remove(m)));

        var expected = members.Except(gone).Select(m => m.Connection).ToHashSet();
        Assert.Equal(expected.Count, set.Count);
        Assert.True(expected.SetEquals(set.Snapshot()));
        Assert.True(expected.SetEquals(Shards(core, set)));
    }

    [Fact]
    public void EmptyShardIsSeenAsEmpty()
    {
        using var core = new TestCore();
        var set = new MemberSet(core.Connections.Shards);
        var member = new Membership(core.Client().Connection);
        set.Add(member);
        var shard = member.Connection.Shard;
        Assert.True(set.HasMembers(shard));
        Assert.False(set.HasMembers((shard + 1) % core.Connections.Shards));

        set.Remove(member);

        Assert.False(set.HasMembers(shard));
        Assert.Empty(set.Snapshot());
    }

    [Fact]
    public async Task ManyThreadsEndWithTheRightCount()
    {
        using var core = new TestCore();
        var set = new MemberSet(core.Connections.Shards);

        var kept = await Task.WhenAll(Enumerable.Range(0, 4).Select(seed => Task.Run(() =>
        {
            var random = new Random(seed);
            var inside = new List<Membership>();
            for (var i = 0; i < 5000; i++)
            {
                if (inside.Count == 0 || random.Next(2) == 0)
                {
                    var member = new Membership(core.Client().Connection);
                    set.Add(member);
                    inside.Add(member);
                }
                else
                {
                    var at = random.Next(inside.Count);
                    Assert.True(set.Remove(inside[at]));
                    inside.RemoveAt(at);
                }
            }
            return inside;
        }))).Bounded();

        var expected = kept.SelectMany(k => k).Select(m => m.Connection).ToHashSet();
        Assert.Equal(expected.Count, set.Count);
        Assert.True(expected.SetEquals(Shards(core, set)));
    }

    private static HashSet<Connection> Shards(TestCore core, MemberSet set)
    {
        var all = new HashSet<Connection>();
        var copy = Array.Empty<Membership>();
        for (var shard = 0; shard < core.Connections.Shards; shard++)
        {
            var count = set.Copy(shard, ref copy);
            foreach (var member in copy.AsSpan(0, count))
            {
                Assert.Equal(shard, member.Connection.Shard);
                Assert.True(all.Add(member.Connection));
            }
        }
        return all;
    }
}
