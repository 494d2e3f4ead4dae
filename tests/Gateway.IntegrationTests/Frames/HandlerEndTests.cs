using System.Net.WebSockets;
using System.Runtime.CompilerServices;
using Gateway.AspNetCore.Frames;
using Gateway.Configuration;
using Gateway.Core.Connections;
using Gateway.Testing;
using Microsoft.AspNetCore.Builder;

namespace Gateway.IntegrationTests.Frames;

/// <summary>However a conversation ends, its client is told, its handler is disposed of once, and nothing is left.</summary>
public sealed class HandlerEndTests
{
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(300);

    [Fact]
    public async Task HandlerThatReturnsClosesAfterWhatItWrote()
    {
        var handler = new ScriptedHandler(async (_, outgoing, cancel) =>
        {
            for (var i = 0; i < 40; i++) await outgoing.WriteAsync(Frame.Text($"{i}"), cancel);
        });
        await using var gateway = await StartAsync(handler);
        using var client = await FrameClient.ConnectAsync(gateway.Server, "/frames");

        for (var i = 0; i < 40; i++) Assert.Equal($"{i}", await client.ReadTextAsync());

        Assert.Equal((1000, ""), await client.ClosedAsync());
        await IsOverAsync(gateway, handler);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task HandlerThatThrowsEndsItsConnectionAndNobodyElses(bool atOnce)
    {
        var handler = new ScriptedHandler(async (incoming, outgoing, cancel) =>
        {
            if (atOnce) throw new InvalidTimeZoneException("secret");
            await outgoing.WriteAsync(await incoming.ReadAsync(cancel), cancel);
            throw new InvalidTimeZoneException("secret");
        });
        await using var gateway = await StartAsync(handler);
        await using var bystander = await RawClient.ConnectAsync(gateway.Server);
        using var client = await FrameClient.ConnectAsync(gateway.Server, "/frames");
        if (!atOnce)
        {
            await client.SendAsync("last words");
            Assert.Equal("last words", await client.ReadTextAsync());
        }

        Assert.Equal((1011, "internal error"), await client.ClosedAsync());
        await IsOverAsync(gateway, handler, others: 1);
        await bystander.ChatAsync("still here");
    }

    [Fact]
    public async Task HandlerThatThrowsWhenItIsDisposedOfIsOverAllTheSame()
    {
        var handler = new ScriptedHandler(ScriptedHandler.EchoAsync, dispose: () => throw new InvalidTimeZoneException("secret"));
        await using var gateway = await StartAsync(handler);
        using (var client = await FrameClient.ConnectAsync(gateway.Server, "/frames")) await client.CloseAsync();

        await IsOverAsync(gateway, handler);
    }

    [Fact]
    public async Task WhatTheClientSentBeforeItClosedIsStillAnswered()
    {
        var handler = new ScriptedHandler(ScriptedHandler.EchoAsync);
        await using var gateway = await StartAsync(handler);
        using var client = await FrameClient.ConnectAsync(gateway.Server, "/frames");
        for (var i = 0; i < 12; i++) await client.SendAsync($"{i}");
        await client.Socket.CloseOutputAsync((WebSocketCloseStatus)4001, "enough", default);

        for (var i = 0; i < 12; i++) Assert.Equal($"{i}", await client.ReadTextAsync());

        Assert.Equal(4001, (await client.ClosedAsync()).Code);
        await IsOverAsync(gateway, handler);
    }

    [Fact]
    public async Task HandlerThatNeverReadsSlowsItsClientDownAndIsThenGivenUp()
    {
        var held = 0;
        var handler = new ScriptedHandler(async (incoming, _, cancel) =>
        {
            await Task.Delay(Timeout.Infinite, cancel).ContinueWith(_ => held = incoming.Count, TaskScheduler.Default);
        });
        await using var gateway = await StartAsync(
            handler, o => (o.Raw.PingPeriod, o.Raw.PongWait) = (TimeSpan.FromMilliseconds(200), TimeSpan.FromMilliseconds(600)));
        using var client = await FrameClient.ConnectAsync(gateway.Server, "/frames");
        for (var i = 0; i < 40; i++) await client.SendAsync("never read");

        Assert.Equal((1011, "internal error"), await client.ClosedAsync());
        await IsOverAsync(gateway, handler);
        Assert.Equal(16, held);
    }

    [Fact]
    public async Task HandlerThatWritesFasterThanItsClientReadsWaits()
    {
        var written = 0;
        var handler = new ScriptedHandler(async (_, outgoing, cancel) =>
        {
            var frame = Frame.Binary(new byte[60_000]);
            while (true)
            {
                await outgoing.WriteAsync(frame, cancel);
                Interlocked.Increment(ref written);
            }
        });
        await using var gateway = await StartAsync(handler, o => o.Raw.WriteWait = TimeSpan.FromSeconds(2));
        using var client = await HandMadeSocket.OpenAsync(gateway.Server, "/frames", receiveBuffer: 4096);

        // It reads nothing: the handler gets as far as the socket's buffers and its own 16 frames, then waits; after write_wait the client
        // is given up.
        await IsOverAsync(gateway, handler);
        Assert.InRange(written, 16, 500);
    }

    [Fact]
    public async Task ClientThatReadsSlowlyGetsEverythingInOrder()
    {
        var handler = new ScriptedHandler(async (_, outgoing, cancel) =>
        {
            for (var i = 0; i < 200; i++)
            {
                var data = new byte[60_000];
                data[0] = (byte)i;
                await outgoing.WriteAsync(Frame.Binary(data), cancel);
            }
        });
        await using var gateway = await StartAsync(handler);
        using var client = await HandMadeSocket.OpenAsync(gateway.Server, "/frames", receiveBuffer: 4096);

        for (var i = 0; i < 200; i++) Assert.Equal((byte)i, (await client.ReadAsync())!.Payload[0]);

        Assert.Equal(1000, (await client.ReadAsync())!.CloseStatus.Code);
    }

    [Fact]
    public async Task ClientThatVanishesCancelsTheWriteThatWaitsForIt()
    {
        var cancelled = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        var waiting = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var handler = new ScriptedHandler(async (_, outgoing, cancel) =>
        {
            try
            {
                while (true)
                {
                    var write = outgoing.WriteAsync(Frame.Binary(new byte[60_000]), cancel).AsTask();
                    if (await Task.WhenAny(write, Task.Delay(500, CancellationToken.None)) != write) waiting.TrySetResult();
                    await write;
                }
            }
            catch (Exception over)
            {
                cancelled.TrySetResult(over is OperationCanceledException or System.Threading.Channels.ChannelClosedException);
                throw;
            }
        });
        await using var gateway = await StartAsync(handler);
        var client = await HandMadeSocket.OpenAsync(gateway.Server, "/frames", receiveBuffer: 4096);
        await waiting.Task.Within("the handler to wait for its client");

        client.Dispose();

        Assert.True(await cancelled.Task.Within("the write to end"));
        await IsOverAsync(gateway, handler);
    }

    [Fact]
    public async Task HandlerThatDoesNotListenIsDisposedOfAllTheSame()
    {
        var deaf = new TaskCompletionSource();
        var handler = new ScriptedHandler((_, _, _) => deaf.Task);
        await using var gateway = await StartAsync(handler, o => o.Raw.WriteWait = Short);
        using (var client = await FrameClient.ConnectAsync(gateway.Server, "/frames"))
            await client.Socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, "", default);

        await IsOverAsync(gateway, handler);
        deaf.SetResult();
    }

    [Fact]
    public async Task ShutdownClosesTheConnectionAndEndsTheHandler()
    {
        var handler = new ScriptedHandler(ScriptedHandler.EchoAsync);
        var gateway = await StartAsync(handler);
        using var client = await FrameClient.ConnectAsync(gateway.Server, "/frames");

        var stopping = gateway.DisposeAsync().AsTask();

        Assert.Equal((1001, "shutting down"), await client.ClosedAsync());
        await stopping.Within("the gateway to stop");
        Assert.Equal(1, handler.Disposed);
    }

    [Fact]
    public async Task ThousandConnectionsLeaveNoHandlerAndNoGaugeBehind()
    {
        var handlers = new List<WeakReference<IFrameHandler>>();
        await using var gateway = await EmbeddedGateway.StartAsync(map: app => app.MapFrames("/frames", _ => Remembered(handlers)));
        var table = gateway.Get<ConnectionTable>();
        for (var round = 0; round < 20; round++)
        {
            await Task.WhenAll(Enumerable.Range(0, 50).Select(i => VisitAsync(gateway.Server, i)));
        }

        await Deadline.Until(() => table.Count == 0, "all connections are over");
        Assert.Equal(0, table.CountOf(Dialect.Frames));
        Assert.Equal(1000, handlers.Count);
        await Deadline.Until(() => Alive(handlers) == 0, "no handler is alive");
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static IFrameHandler Remembered(List<WeakReference<IFrameHandler>> handlers)
    {
        FrameRooms? rooms = null;
        var handler = new ScriptedHandler(
            async (incoming, outgoing, cancel) =>
            {
                await rooms!.JoinAsync("r"); // so that rooms, presence and the inbox have known it
                await ScriptedHandler.EchoAsync(incoming, outgoing, cancel);
            },
            context => rooms = context.Rooms);
        lock (handlers) handlers.Add(new WeakReference<IFrameHandler>(handler));
        return handler;
    }

    private static int Alive(List<WeakReference<IFrameHandler>> handlers)
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        return handlers.Count(h => h.TryGetTarget(out _));
    }

    /// <summary>One of three ways to go: politely, without a word, or with something on its way.</summary>
    private static async Task VisitAsync(Uri server, int number)
    {
        using var client = await FrameClient.ConnectAsync(server, "/frames");
        await client.SendAsync("hello");
        Assert.Equal("hello", await client.ReadTextAsync());
        if (number % 3 == 0) await client.CloseAsync();
        else if (number % 3 == 1) client.Socket.Abort();
        else await client.SendAsync("goodbye");
    }

    private static Task<EmbeddedGateway> StartAsync(ScriptedHandler handler, Action<ProgramOptions>? set = null) =>
        EmbeddedGateway.StartAsync(set, map: app => app.MapFrames("/frames", _ => handler));

    private static async Task IsOverAsync(EmbeddedGateway gateway, ScriptedHandler handler, int others = 0)
    {
        await Deadline.Until(() => handler.Disposed > 0, "the handler is disposed of");
        await Deadline.Until(() => gateway.Get<ConnectionTable>().Count == others, "the connection is over");
        Assert.Equal(1, handler.Disposed);
    }
}
