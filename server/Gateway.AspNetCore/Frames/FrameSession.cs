using System.Net.WebSockets;
using System.Threading.Channels;
using Gateway.AspNetCore.Options;
using Gateway.Core.Broadcast;
using Gateway.Core.Commands;
using Gateway.Core.Connections;
using Gateway.Core.Messages;

namespace Gateway.AspNetCore.Frames;

/// <summary>Brings one client and its handler together: the frames in, the frames out, and an end of both whoever ends first.</summary>
internal sealed partial class FrameSession(
    WebSocket webSocket, Connection connection, IFrameHandler handler, FrameRooms rooms, CommandRouter router, RawOptions limits,
    TimeProvider time, ILogger logger) : IDisposable
{
    private const int Waiting = 16;

    private readonly CancellationTokenSource _over = new(Timeout.InfiniteTimeSpan, time);
    private readonly Channel<Frame> _incoming = Channel.CreateBounded<Frame>(new BoundedChannelOptions(Waiting) { SingleWriter = true });
    private readonly Channel<Frame> _outgoing = Channel.CreateBounded<Frame>(new BoundedChannelOptions(Waiting) { SingleReader = true });

    /// <summary>Returns when the client is gone and the handler has ended, or does not end.</summary>
    public async Task RunAsync()
    {
        var working = WorkAsync();
        var receiver = new FrameReceiver(webSocket, connection, _incoming.Writer, router, limits, time);
        var closed = await receiver.RunAsync();
        if (receiver.HandlerIsStuck) Log.Stuck(logger, connection.Id);
        _incoming.Writer.TryComplete();
        rooms.End();
        if (closed && connection.Outbox.IsOpen) _over.CancelAfter(limits.WriteWait); // it still takes what the client had sent
        else await _over.CancelAsync();
        try
        {
            await working.WaitAsync(2 * limits.WriteWait, time);
        }
        catch (TimeoutException)
        {
            Log.DoesNotEnd(logger, connection.Id);
            _outgoing.Writer.TryComplete();
            connection.Close(CloseReason.Internal);
        }
    }

    public void Dispose() => _over.Dispose();

    /// <summary>The handler, then what it wrote, then the goodbye. Does not fail.</summary>
    private async Task WorkAsync()
    {
        var sending = SendAsync();
        var fault = await HandleAsync();
        _incoming.Writer.TryComplete(); // the client is read from on, up to its answer to our goodbye
        _outgoing.Writer.TryComplete();
        await sending;
        if (fault != null) connection.Close(fault);
        else if (webSocket.State == WebSocketState.CloseReceived) await AnswerCloseAsync();
        else connection.Close(CloseReason.Normal);
    }

    /// <returns>Why the connection has to be closed if it failed, and not because its client was gone.</returns>
    private async Task<CloseReason?> HandleAsync()
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding); // whatever it does first, the client is read from
        if (!connection.Outbox.IsOpen) return null; // it could not stay
        try
        {
            await handler.RunAsync(_incoming.Reader, _outgoing.Writer, _over.Token);
            return null;
        }
        catch (Exception) when (_over.IsCancellationRequested)
        {
            return null;
        }
        catch (BackplaneException)
        {
            return new CloseReason(1013, Error.BackplaneUnavailable.Text, AllowReconnect: true);
        }
        catch (Exception fault)
        {
            Log.Failed(logger, fault, connection.Id);
            return CloseReason.Internal;
        }
    }

    private async Task SendAsync()
    {
        try
        {
            await foreach (var frame in _outgoing.Reader.ReadAllAsync())
            {
                if (!connection.Outbox.IsOpen) break; // we said goodbye, or the client is gone
                await webSocket.SendAsync(
                    frame.Data, frame.Kind == FrameKind.Text ? WebSocketMessageType.Text : WebSocketMessageType.Binary, endOfMessage: true,
                    default);
            }
        }
        catch (Exception gone) when (gone is WebSocketException or IOException or ObjectDisposedException or OperationCanceledException)
        {
            // The client is gone, or does not read: the deadline sweep aborted it.
        }
        if (_outgoing.Reader.Completion.IsCompleted) return;
        await _over.CancelAsync();
        _outgoing.Writer.TryComplete();
        while (_outgoing.Reader.TryRead(out _))
        {
            // Nobody will get it.
        }
    }

    private async Task AnswerCloseAsync()
    {
        try
        {
            await webSocket.CloseOutputAsync(webSocket.CloseStatus ?? WebSocketCloseStatus.NormalClosure, null, default);
        }
        catch (Exception gone) when (gone is WebSocketException or IOException or ObjectDisposedException)
        {
            // It did not wait for the answer.
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "The handler of connection {ConnectionId} failed")]
        public static partial void Failed(ILogger logger, Exception fault, string connectionId);

        [LoggerMessage(
            2, LogLevel.Warning,
            "The handler of connection {ConnectionId} does not take what its client sends: the connection is closed")]
        public static partial void Stuck(ILogger logger, string connectionId);

        [LoggerMessage(
            3, LogLevel.Warning,
            "The handler of connection {ConnectionId} does not end, though it was told: it is disposed of all the same")]
        public static partial void DoesNotEnd(ILogger logger, string connectionId);
    }
}
