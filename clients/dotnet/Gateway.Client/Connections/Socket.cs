using System.Net.WebSockets;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Gateway.Client.Conversations;
using Gateway.Client.Wire;

namespace Gateway.Client.Connections;

/// <summary>One WebSocket of the raw dialect, from the handshake to its end, however it ends.</summary>
/// <param name="received">Called with every message that answers nothing and is what the protocol says; nothing more is read until it is
/// done.</param>
/// <param name="ignored">Called with what is wrong with anything else.</param>
internal sealed class Socket(
    ClientWebSocket webSocket, GatewayClientOptions options, Func<GatewayMessage, CancellationToken, ValueTask> received,
    Action<string> ignored) : ILink, IDisposable
{
    private static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(2);

    private readonly Channel<byte[]> _outgoing = Channel.CreateUnbounded<byte[]>(new UnboundedChannelOptions { SingleReader = true });
    private readonly Dictionary<long, TaskCompletionSource<JsonElement>> _asked = [];
    private readonly TaskCompletionSource<Ending> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _over = new();
    private readonly Inbound _inbound = new();
    private long _lastId;
    private bool _isOver;
    private long _heard = Environment.TickCount64;

    public Task<JsonElement> CallAsync(string type, JsonNode? payload)
    {
        var answer = new TaskCompletionSource<JsonElement>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_asked)
        {
            if (_isOver) return Task.FromException<JsonElement>(new LinkLostException());
            _asked[++_lastId] = answer;
            _outgoing.Writer.TryWrite(Envelope.Write(type, payload, _lastId.ToString(System.Globalization.CultureInfo.InvariantCulture)));
        }
        return answer.Task;
    }

    /// <summary>Reads and writes until the end. Nothing is called after it.</summary>
    public async Task<Ending> RunAsync()
    {
        var (reading, writing, watching) = (ReadAsync(), WriteAsync(), WatchAsync());
        var ending = await _ended.Task.ConfigureAwait(false);
        if (ending.Kind is EndingKind.Left or EndingKind.Shutdown) await SendCloseFrameAsync(writing).ConfigureAwait(false);
        await _over.CancelAsync().ConfigureAwait(false);
        webSocket.Abort();
        await Task.WhenAll(reading, writing, watching).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return ending;
    }

    /// <summary>Nothing is listened to any more. The first call decides.</summary>
    public void End(Ending ending)
    {
        List<TaskCompletionSource<JsonElement>> unanswered;
        lock (_asked)
        {
            if (_isOver) return;
            _isOver = true;
            unanswered = [.. _asked.Values];
            _asked.Clear();
            _outgoing.Writer.TryComplete();
        }
        _ended.TrySetResult(ending);
        foreach (var answer in unanswered) answer.TrySetException(new LinkLostException());
    }

    public void Dispose()
    {
        webSocket.Dispose();
        _over.Dispose();
    }

    private async Task ReadAsync()
    {
        var buffer = new byte[16 * 1024];
        try
        {
            while (true)
            {
                var length = 0;
                ValueWebSocketReceiveResult part;
                do
                {
                    if (length == buffer.Length) Array.Resize(ref buffer, buffer.Length * 2);
                    part = await webSocket.ReceiveAsync(buffer.AsMemory(length), _over.Token).ConfigureAwait(false);
                    length += part.Count;
                }
                while (!part.EndOfMessage);
                Volatile.Write(ref _heard, Environment.TickCount64);
                if (part.MessageType == WebSocketMessageType.Close) break;
                if (Envelope.Read(buffer.AsMemory(0, length)) is { } message) await TakeAsync(message).ConfigureAwait(false);
                else ignored("a frame that is no envelope");
            }
            var code = (int)(webSocket.CloseStatus ?? WebSocketCloseStatus.NormalClosure);
            var hasReason = webSocket.CloseStatusDescription is { Length: > 0 };
            End(new Ending(EndingKind.Closed, code, hasReason ? webSocket.CloseStatusDescription! : "the gateway closed the connection"));
        }
        catch (Exception fault) when (fault is WebSocketException or IOException or OperationCanceledException or ObjectDisposedException)
        {
            End(new Ending(EndingKind.Closed, (int)(webSocket.CloseStatus ?? 0), "the connection was lost"));
        }
        catch (Exception fault)
        {
            End(new Ending(EndingKind.Closed, 0, fault.Message));
        }
    }

    private ValueTask TakeAsync(Received message)
    {
        if (message.Id is { } id && message.Message.Type is "ack" or "error")
        {
            TaskCompletionSource<JsonElement>? answer;
            lock (_asked) _asked.Remove(message.Id!.Value, out answer);
            if (message.Message.Type == "ack") answer?.TrySetResult(message.Message.Payload);
            else answer?.TrySetException(Answers.ErrorOf(message.Message.Payload));
            return default;
        }
        lock (_asked)
        {
            if (_isOver) return default;
        }
        if (_inbound.Check(message.Message) is { } problem)
        {
            ignored(problem);
            return default;
        }
        if (message.Message.Type == "system" && Place.Text(message.Message.Payload, "event") == "shutdown")
            End(new Ending(EndingKind.Shutdown, 1001, "the gateway stops"));
        return received(message.Message, _over.Token);
    }

    private async Task WriteAsync()
    {
        try
        {
            await foreach (var frame in _outgoing.Reader.ReadAllAsync(_over.Token).ConfigureAwait(false))
                await webSocket.SendAsync(frame, WebSocketMessageType.Text, endOfMessage: true, _over.Token).ConfigureAwait(false);
        }
        catch (Exception fault) when (fault is WebSocketException or IOException or OperationCanceledException or ObjectDisposedException)
        {
            End(new Ending(EndingKind.Closed, 0, "the connection was lost"));
        }
    }

    /// <summary>Notices a link that is dead though nobody has said so: a cable that was pulled, a network that was changed.</summary>
    private async Task WatchAsync()
    {
        var asked = false;
        while (!_over.IsCancellationRequested)
        {
            var silent = TimeSpan.FromMilliseconds(Environment.TickCount64 - Volatile.Read(ref _heard));
            if (silent < options.HeartbeatInterval) asked = false;
            else if (asked) End(new Ending(EndingKind.Dead, 0, "the gateway does not answer"));
            var wait = asked ? TimeSpan.Zero
                : silent < options.HeartbeatInterval ? options.HeartbeatInterval - silent : options.HeartbeatTimeout;
            if (!asked && silent >= options.HeartbeatInterval)
            {
                asked = true;
                _ = CallAsync("ping", null).ContinueWith(static done => _ = done.Exception, TaskScheduler.Default);
            }
            if (_ended.Task.IsCompleted) return;
            await Task.Delay(wait, _over.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task SendCloseFrameAsync(Task writing)
    {
        try
        {
            await writing.WaitAsync(CloseTimeout).ConfigureAwait(false);
            using var late = new CancellationTokenSource(CloseTimeout);
            await webSocket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, late.Token).ConfigureAwait(false);
        }
        catch (Exception)
        {
            // The other side does not take it: the connection is aborted.
        }
    }
}
