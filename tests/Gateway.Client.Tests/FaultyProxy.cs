using System.Net;
using System.Net.Sockets;

namespace Gateway.Client.Tests;

/// <summary>
/// A TCP proxy for bad networks: it delays, and cuts connections in the middle of whatever is under way. It never changes the order of
/// bytes.
/// </summary>
internal sealed class FaultyProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Pair> _pairs = [];
    private readonly Random _random = new(17);
    private readonly Task _accepting;

    public FaultyProxy(Uri target)
    {
        Target = target;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public Uri Target { get; set; }

    /// <summary>Connections are refused.</summary>
    public bool IsAway { get; set; }

    /// <summary>Nothing passes any more, and nobody is told.</summary>
    public bool IsSilent { get; set; }

    public string Address => $"ws://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";

    /// <summary>Cuts what is there: after a few more bytes, so most of the time in the middle of a frame.</summary>
    public void Cut()
    {
        lock (_pairs)
        {
            foreach (var pair in _pairs) pair.BytesLeft = _random.Next(0, 200);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        lock (_pairs) _pairs.ForEach(pair => pair.Close());
        await _accepting;
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true) _ = ServeAsync(await _listener.AcceptSocketAsync(_stop.Token));
        }
        catch (Exception fault) when (fault is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // It is over.
        }
    }

    private async Task ServeAsync(Socket client)
    {
        using var server = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        client.NoDelay = true;
        using var pair = new Pair(client, server);
        try
        {
            if (IsAway) return;
            await server.ConnectAsync(IPAddress.Loopback, Target.Port);
            lock (_pairs) _pairs.Add(pair);
            await Task.WhenAny(PassAsync(pair, client, server), PassAsync(pair, server, client));
        }
        catch (SocketException)
        {
            // The gateway is not there.
        }
        finally
        {
            lock (_pairs) _pairs.Remove(pair);
            pair.Close();
        }
    }

    private async Task PassAsync(Pair pair, Socket from, Socket to)
    {
        var buffer = new byte[4096];
        try
        {
            while (true)
            {
                var length = await from.ReceiveAsync(buffer);
                if (length == 0) return;
                while (IsSilent) await Task.Delay(10, _stop.Token);
                if (_random.Next(20) == 0) await Task.Delay(_random.Next(5));
                if (pair.BytesLeft is { } left)
                {
                    if (left > 0) await to.SendAsync(buffer.AsMemory(0, Math.Min(left, length)));
                    if (length >= left) return;
                    pair.BytesLeft = left - length;
                }
                else
                {
                    await to.SendAsync(buffer.AsMemory(0, length));
                }
            }
        }
        catch (Exception fault) when (fault is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // One of the two is gone.
        }
    }

    private sealed class Pair(Socket client, Socket server) : IDisposable
    {
        public int? BytesLeft { get; set; }

        /// <summary>As a broken network does: without a close frame.</summary>
        public void Close()
        {
            client.Close(0);
            server.Close(0);
        }

        public void Dispose() => Close();
    }
}
