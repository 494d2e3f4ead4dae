using System.Text;
using System.Text.Json;

namespace Gateway.Testing;

/// <summary>What a client received: kept in order, and handed out by type.</summary>
/// <param name="onMessage">Called for one message after the other, in the order in which they came.</param>
internal sealed class Inbox(Action<ReceivedMessage>? onMessage = null)
{
    private readonly List<ReceivedMessage> _all = [];
    private readonly Dictionary<string, int> _next = [];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private string? _over;

    public IReadOnlyList<ReceivedMessage> All
    {
        get { lock (_all) return [.. _all]; }
    }

    /// <param name="type">The message's type.</param>
    /// <param name="payload">Its payload.</param>
    /// <param name="id">Its id, as JSON; empty if it has none.</param>
    public void Add(string type, ReadOnlySpan<byte> payload, ReadOnlySpan<byte> id = default)
    {
        var message = new ReceivedMessage(type, payload.ToArray()) { Id = id.IsEmpty ? null : Encoding.UTF8.GetString(id) };
        lock (_all)
        {
            _all.Add(message);
            Wake();
        }
        onMessage?.Invoke(message);
    }

    /// <summary>Nothing more will come.</summary>
    public void End(string why)
    {
        lock (_all)
        {
            _over ??= why;
            Wake();
        }
    }

    public async Task<ReceivedMessage> NextAsync(string type, TimeSpan? limit)
    {
        var end = DateTime.UtcNow + (limit ?? Deadline.Usual);
        while (true)
        {
            Task changed;
            lock (_all)
            {
                for (var i = _next.GetValueOrDefault(type); i < _all.Count; i++)
                {
                    _next[type] = i + 1;
                    if (_all[i].Type == type) return _all[i];
                }
                if (_over != null) throw new InvalidOperationException($"no {type} came any more: {_over}");
                changed = _changed.Task;
            }
            await changed.Within(
                $"a message of type {type}; so far: {string.Join(", ", All.Select(m => m.Type))}", Max(end - DateTime.UtcNow));
        }
    }

    private static TimeSpan Max(TimeSpan left) => left > TimeSpan.Zero ? left : TimeSpan.Zero;

    private void Wake()
    {
        _changed.TrySetResult();
        _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}

/// <summary>The bytes of a property's value as they stand in a JSON text.</summary>
internal static class RawJson
{
    public static ReadOnlySpan<byte> Value(ReadOnlySpan<byte> json, string property)
    {
        var reader = new Utf8JsonReader(json);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var found = reader.ValueTextEquals(property);
            reader.Read();
            var start = (int)reader.TokenStartIndex;
            reader.Skip();
            if (found) return json[start..(int)reader.BytesConsumed];
        }
        return default;
    }
}
