using System.Net.WebSockets;
using System.Threading.Channels;
using Gateway.AspNetCore.Options;
using Gateway.Core.Broadcast;
using Gateway.Core.Commands;
using Gateway.Core.Connections;
using Gateway.Core.Messages;

namespace Gateway.AspNetCore.Frames;

/// <summary>Runs the handler of one connection, and copies frames between it and the client until either ends.</summary>
internal sealed partial class FrameSession(
    WebSocket webSocket, Connection connection, IFrameHandler handler, FrameRooms rooms, CommandRouter router, RawOptions limits,
    TimeProvider time, ILogger logger) : IDisposable
{
    private const int Capacity = 16;

    private readonly CancellationTokenSource _stopping = new(Timeout.InfiniteTimeSpan, time);
    private readonly Channel<Frame> _incoming = Channel.CreateBounded<Frame>(new BoundedChannelOptions(Capacity) { SingleWriter = true });
    private readonly Channel<Frame> _outgoing = Channel.CreateBounded<Frame>(new BoundedChannelOptions(Capacity) { SingleReader = true });

    /// <summary>Runs until the client has disconnected and the handler has returned, or its time to stop is over.</summary>
    public async Task RunAsync()
    {
        var running = RunHandlerAsync();
        var receiver = new FrameReceiver(webSocket, connection, _incoming.Writer, router, limits, time);
        var closed = await receiver.RunAsync();
        if (receiver.IsHandlerBlocked) Log.Blocked(logger, connection.Id);
        _incoming.Writer.TryComplete();
        rooms.End();
        // The handler may still read what the client has sent
        if (closed && connection.Outbox.IsOpen) _stopping.CancelAfter(limits.WriteWait);
        else await _stopping.CancelAsync();
        try
        {
            await running.WaitAsync(2 * limits.WriteWait, time);
        }
        catch (TimeoutException)
        {
            Log.DidNotStop(logger, connection.Id);
            _outgoing.Writer.TryComplete();
            connection.Close(CloseReason.Internal);
        }
    }

    public void Dispose() => _stopping.Dispose();

    /// <summary>Runs the handler, sends what it has written, and closes the connection. Does not throw.</summary>
    private async Task RunHandlerAsync()
    {
        var sending = SendAsync();
        var fault = await InvokeHandlerAsync();
        _incoming.Writer.TryComplete(); // the receiver still reads, up to the client's close frame
        _outgoing.Writer.TryComplete();
        await sending;
        if (fault != null) connection.Close(fault);
        else if (webSocket.State == WebSocketState.CloseReceived) await CompleteCloseAsync();
        else connection.Close(CloseReason.Normal);
    }

    /// <returns>Why the connection must be closed if the handler failed; <c>null</c> if it returned, or its client had
    /// disconnected.</returns>
    private async Task<CloseReason?> InvokeHandlerAsync()
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding); // a handler that blocks must not delay the receiver
        if (!connection.Outbox.IsOpen) return null; // the connection was not admitted
        try
        {
            await handler.RunAsync(_incoming.Reader, _outgoing.Writer, _stopping.Token);
            return null;
        }
        catch (Exception) when (_stopping.IsCancellationRequested)
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
                if (!connection.Outbox.IsOpen) break; // the connection is closing or has ended
                await webSocket.SendAsync(
                    frame.Data, frame.Kind == FrameKind.Text ? WebSocketMessageType.Text : WebSocketMessageType.Binary, endOfMessage: true,
                    default);
            }
        }
        catch (Exception fault) when (fault is WebSocketException or IOException or ObjectDisposedException or OperationCanceledException)
        {
            // The client has disconnected, or did not read and was aborted.
        }
        if (_outgoing.Reader.Completion.IsCompleted) return;
        await _stopping.CancelAsync();
        _outgoing.Writer.TryComplete();
        while (_outgoing.Reader.TryRead(out _))
        {
            // Discarded.
        }
    }

    private async Task CompleteCloseAsync()
    {
        try
        {
            await webSocket.CloseOutputAsync(webSocket.CloseStatus ?? WebSocketCloseStatus.NormalClosure, null, default);
        }
        catch (Exception fault) when (fault is WebSocketException or IOException or ObjectDisposedException)
        {
            // The client did not wait for the close frame.
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "The handler of connection {ConnectionId} failed")]
        public static partial void Failed(ILogger logger, Exception fault, string connectionId);

        [LoggerMessage(
            2, LogLevel.Warning,
            "The handler of connection {ConnectionId} does not read the frames of its client. The connection is closed")]
        public static partial void Blocked(ILogger logger, string connectionId);

        [LoggerMessage(
            3, LogLevel.Warning,
            "The handler of connection {ConnectionId} did not stop when it was cancelled. It is disposed while it still runs")]
        public static partial void DidNotStop(ILogger logger, string connectionId);
    }
}
