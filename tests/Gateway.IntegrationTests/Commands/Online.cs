using System.Collections.Concurrent;
using Gateway.Core.Connections;

public sealed class Online : IConnectionObserver
{
    private readonly ConcurrentDictionary<string, string> _users = [];

    public IEnumerable<string> Users => _users.Values.Distinct();

    public ValueTask OnConnectedAsync(ClientConnection connection, CancellationToken cancel)
    {
        _users[connection.Id] = connection.User.Name;
        return default;
    }

    public ValueTask OnDisconnectedAsync(ClientConnection connection, ConnectionEnd end, CancellationToken cancel)
    {
        _users.TryRemove(connection.Id, out _);
        return default;
    }
}
