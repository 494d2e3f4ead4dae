using Gateway.Testing;

namespace Gateway.Client.Tests;

/// <summary>Everything that a client has told, in its order.</summary>
internal sealed class Told
{
    private readonly List<ChatMessage> _chats = [];
    private readonly List<Gap> _gaps = [];
    private readonly List<StateChange> _states = [];
    private readonly List<Resumed> _resumed = [];

    public Told(GatewayClient client)
    {
        client.OnChat(chat => Add(_chats, chat));
        client.Gap += gap => Add(_gaps, gap);
        client.StateChanged += change => Add(_states, change);
        client.Resumed += resumed => Add(_resumed, resumed);
    }

    public IReadOnlyList<ChatMessage> Chats => Copy(_chats);
    public IReadOnlyList<Gap> Gaps => Copy(_gaps);
    public IReadOnlyList<StateChange> States => Copy(_states);
    public IReadOnlyList<Resumed> Resumed => Copy(_resumed);

    public Task UntilChatsAsync(int count, TimeSpan? limit = null) =>
        Deadline.Until(() => Chats.Count >= count, $"{count} messages, not {Chats.Count}", limit);

    public Task UntilAsync(ClientState state) => Deadline.Until(() => States.LastOrDefault()?.State == state, $"the client to be {state}");

    private static void Add<T>(List<T> list, T item)
    {
        lock (list) list.Add(item);
    }

    private static IReadOnlyList<T> Copy<T>(List<T> list)
    {
        lock (list) return [.. list];
    }
}
