using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gateway.Client.Wire;

namespace Gateway.Client.Conversations;

/// <summary>What becomes of a command that was under way when the connection went.</summary>
internal enum Repeat
{
    /// <summary>It cannot be sent again: it would arrive twice.</summary>
    Never,

    /// <summary>It can be asked again. Any fault is for the asker.</summary>
    Request,

    /// <summary>It can be sent again: the gateway knows it by its <c>message_id</c>. Waits out a backplane that is away.</summary>
    Message,
}

/// <summary>
/// What the application has said and nobody has answered yet, in its order. Outlives connections: what is under way when one goes is sent
/// again on the next, and what is about a room waits until the room is entered.
/// </summary>
/// <param name="gate">Guards everything here.</param>
/// <param name="isPending">A room that is being entered: what is about it waits.</param>
internal sealed class Outgoing(Lock gate, ConversationOptions options, Func<string, bool> isPending)
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    private readonly LinkedList<Entry> _entries = [];
    private int _inFlight;

    /// <summary>
    /// One after a 429, and twice as many with each success: all at once would be refused again, and in the end be closed for flooding.
    /// </summary>
    private int _allowed = options.MaxInFlight;

    private ILink? _link;
    private Timer? _paused;
    private GatewayException? _closed;

    public async Task<JsonElement> AddAsync(string type, JsonNode? payload, Repeat repeat, TimeSpan timeout, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        var weight = Encoding.UTF8.GetByteCount(type) + Envelope.Write("", payload, "9007199254740991").Length;
        if (options.MaxMessageBytes > 0 && weight > options.MaxMessageBytes)
            throw new GatewayException("413", $"the message has more than {options.MaxMessageBytes} bytes");
        var entry = new Entry(type, payload, weight, repeat, Place.RoomOfCommand(type, payload));
        lock (gate)
        {
            if (_closed != null) throw new GatewayException(_closed.Code, _closed.Message);
            if (_entries.Count >= options.MaxQueued)
                throw new GatewayException(GatewayErrors.OutgoingOverflow, $"{options.MaxQueued} messages wait to be sent already");
            entry.Node = _entries.AddLast(entry);
            Pump();
        }
        await using var late = new Timer(_ => Expire(entry), null, timeout, Timeout.InfiniteTimeSpan).ConfigureAwait(false);
        await using var given = cancel.UnsafeRegister(_ => Settle(entry, done => done.TrySetCanceled(cancel)), null).ConfigureAwait(false);
        return await entry.Done.Task.ConfigureAwait(false);
    }

    public void ConnectedBy(ILink link)
    {
        lock (gate)
        {
            _link = link;
            _allowed = options.MaxInFlight;
            Pump();
        }
    }

    /// <summary>The connection has gone.</summary>
    public void Away()
    {
        lock (gate)
        {
            _link = null;
            Resume();
            foreach (var entry in _entries.Where(entry => entry.On != null).ToList()) Lost(entry);
        }
    }

    /// <summary>The gateway has closed the connection because a message was too big for it: the biggest of those under way.</summary>
    public void RefuseBiggest(string reason)
    {
        lock (gate)
        {
            if (_entries.Where(entry => entry.On != null).MaxBy(entry => entry.Weight) is { } biggest)
                Settle(biggest, done => done.TrySetException(new GatewayException("413", reason)));
        }
    }

    /// <param name="error">Whatever is or will be asked fails with it; <c>null</c>: all is well again.</param>
    public void Close(GatewayException? error)
    {
        lock (gate)
        {
            _closed = error;
            if (error == null) return;
            _link = null;
            Resume();
            foreach (var entry in _entries.ToList())
                Settle(entry, done => done.TrySetException(new GatewayException(error.Code, error.Message)));
        }
    }

    /// <summary>Sends what can be sent. Under the lock.</summary>
    public void Pump()
    {
        if (_paused != null) return;
        for (var node = _entries.First; node != null && _link != null && _inFlight < _allowed;)
        {
            var (entry, next) = (node.Value, node.Next);
            if (entry.On == null && (entry.Room == null || !isPending(entry.Room))) _ = SendAsync(entry, _link);
            node = next is { List: null } ? _entries.First : next; // it failed at once, and others with it
        }
    }

    private async Task SendAsync(Entry entry, ILink link)
    {
        entry.On = link;
        _inFlight++;
        try
        {
            var answer = await link.CallAsync(entry.Type, entry.Payload).ConfigureAwait(false);
            lock (gate)
            {
                _allowed = Math.Min(_allowed * 2, options.MaxInFlight);
                if (entry.On == link) Settle(entry, done => done.TrySetResult(answer));
                Pump();
            }
        }
        catch (Exception fault)
        {
            lock (gate)
            {
                if (entry.On == link) Failed(entry, link, fault); // else it is settled, or sent again meanwhile
                Pump();
            }
        }
    }

    private void Failed(Entry entry, ILink link, Exception fault)
    {
        switch (fault)
        {
            case GatewayException error when error.Code == "429" || (error.Code == "503" && entry.Repeat == Repeat.Message):
                Wait(entry);
                if (error.Code == "429") _allowed = 1;
                Pause(error.RetryAfter ?? RetryDelay);
                break;
            case GatewayException error:
                Settle(entry, done => done.TrySetException(error));
                break;
            case UnansweredException:
                Lost(entry);
                Pause(RetryDelay);
                break;
            case LinkLostException:
                if (_link == link) _link = null; // dead: nothing more on this one
                Lost(entry);
                break;
            default:
                Settle(entry, done => done.TrySetException(fault));
                break;
        }
    }

    /// <summary>All of them pause: whatever went ahead of the one that has to be sent again would be heard before it.</summary>
    private void Pause(TimeSpan time) => _paused ??= new Timer(
        _ =>
        {
            lock (gate)
            {
                Resume();
                Pump();
            }
        },
        null, time, Timeout.InfiniteTimeSpan);

    private void Resume()
    {
        _paused?.Dispose();
        _paused = null;
    }

    private void Lost(Entry entry)
    {
        if (entry.Repeat != Repeat.Never) Wait(entry);
        else
            Settle(
                entry,
                done =>
                    done.TrySetException(new GatewayException(GatewayErrors.OutcomeUnknown, "the connection was lost before the answer "
                    + $"to {entry.Type} came")));
    }

    private void Expire(Entry entry) =>
        Settle(entry, done => done.TrySetException(new GatewayException(GatewayErrors.Timeout, $"no answer to {entry.Type} in time")));

    /// <summary>Back to those that wait, in its place.</summary>
    private void Wait(Entry entry)
    {
        entry.On = null;
        _inFlight--;
    }

    private void Settle(Entry entry, Action<TaskCompletionSource<JsonElement>> tell)
    {
        lock (gate)
        {
            if (entry.Node?.List == null) return;
            _entries.Remove(entry.Node);
            if (entry.On != null) Wait(entry);
            tell(entry.Done);
            Pump();
        }
    }

    private sealed record Entry(string Type, JsonNode? Payload, int Weight, Repeat Repeat, string? Room)
    {
        public TaskCompletionSource<JsonElement> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public LinkedListNode<Entry>? Node { get; set; }

        /// <summary>The connection on which it is under way.</summary>
        public ILink? On { get; set; }
    }
}
