using Gateway.Core.Connections;
using Gateway.Core.Presence;
using Gateway.Core.Wire;

namespace Gateway.Redis.Presence;

/// <summary>The presence of several replicas.</summary>
internal sealed class RedisPresenceStore(RedisPresence presence) : IPresenceStore
{
    public ValueTask AddAsync(string room, Connection connection) => new(presence.For(room).Writer.EnterAsync(room, connection));

    public ValueTask RemoveAsync(string room, Connection connection, bool atOnce) =>
        new(presence.For(room).Writer.LeaveAsync(room, connection, atOnce));

    public ValueTask UpdateAsync(string room, Connection connection) => new(presence.For(room).Writer.UpdateAsync(room, connection));

    public ValueTask<bool> ContainsAsync(string room, string userId) => new(presence.For(room).HasAsync(room, userId));

    public ValueTask<IReadOnlyList<PresenceMember>> ListAsync(string room) => new(presence.For(room).ListAsync(room));
}
