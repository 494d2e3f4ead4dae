using System.Net;
using System.Net.Sockets;

namespace Gateway.Testing;

/// <summary>
/// A TCP proxy that behaves like a bad network. A silent link behaves like dropped packets: nobody is told, neither data nor the end of a
/// connection passes, and the sockets stay open. When the silence ends, links that were there before go on where they stopped (as TCP
/// retransmits); links begun during it never come to life. The order of bytes never changes.
/// </summary>
public sealed class NetworkProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly int _target;
    private readonly Task _accepting;

    // Guarded by itself.
    private readonly List<Link> _links = [];
    private readonly HashSet<Task> _serving = [];
    private bool _isSilent;

    public NetworkProxy(int targetPort)
    {
        _target = targetPort;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;
    public string Address => $"127.0.0.1:{Port}";

    /// <summary>Links that are open now.</summary>
    public IReadOnlyList<ProxiedLink> Links
    {
        get { lock (_links) return [.. _links]; }
    }

    /// <summary>Every piece of data arrives so much later.</summary>
    public TimeSpan Delay { get; set; }

    /// <summary>Everything is silent, and links that begin from now on never come to life.</summary>
    public void SilenceAll()
    {
        lock (_links)
        {
            _isSilent = true;
            foreach (var link in _links) link.IsSilent = true;
        }
    }

    /// <summary>Links that are of this kind now are silent. New ones are not.</summary>
    /// <returns>How many went silent.</returns>
    public int Silence(Func<ProxiedLink, bool> isOfKind)
    {
        lock (_links)
        {
            var chosen = _links.Where(isOfKind).ToList();
            foreach (var link in chosen) link.IsSilent = true;
            return chosen.Count;
        }
    }

    /// <param name="oldLinksToo">False: what was silent stays so for good, as behind a firewall that has forgotten its connections.</param>
    public void Heal(bool oldLinksToo = true)
    {
        lock (_links)
        {
            _isSilent = false;
            if (!oldLinksToo) return;
            foreach (var link in _links) link.IsSilent = false;
        }
    }

    /// <summary>Resets every link.</summary>
    public void Cut()
    {
        lock (_links)
            foreach (var link in _links) link.Close();
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        Cut();
        await _accepting;
        List<Task> serving;
        lock (_links) serving = [.. _serving];
        await Task.WhenAll(serving).Within("the proxy's links to end");
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptSocketAsync(_stop.Token);
                var link = new Link(client, new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true });
                Task serving;
                lock (_links)
                {
                    link.IsDead = _isSilent;
                    _links.Add(link);
                    _serving.Add(serving = ServeAsync(link));
                }
                _ = serving.ContinueWith(done => { lock (_links) _serving.Remove(done); }, TaskScheduler.Default);
            }
        }
        catch (Exception over) when (over is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The proxy ends.
        }
    }

    private async Task ServeAsync(Link link)
    {
        await Task.Yield();
        try
        {
            link.Client.NoDelay = true;
            if (link.IsDead) await Task.Delay(Timeout.Infinite, link.Closed);
            await link.Server.ConnectAsync(IPAddress.Loopback, _target);
            await Task.WhenAny(
                PassAsync(link, link.Client, link.Server, isRequest: true), PassAsync(link, link.Server, link.Client, isRequest: false));
        }
        catch (Exception over) when (over is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The target is away, or the link was cut.
        }
        finally
        {
            lock (_links) _links.Remove(link);
            link.Close();
        }
    }

    private async Task PassAsync(Link link, Socket from, Socket to, bool isRequest)
    {
        var buffer = new byte[16 * 1024];
        try
        {
            while (true)
            {
                var length = await from.ReceiveAsync(buffer.AsMemory(), link.Closed);
                while (link.IsSilent) await Task.Delay(5, link.Closed);
                if (length == 0) return;
                if (isRequest && !link.IsSubscription) link.IsSubscription = buffer.AsSpan(0, length).IndexOf("SUBSCRIBE"u8) >= 0;
                if (Delay > TimeSpan.Zero) await Task.Delay(Delay, link.Closed);
                for (var sent = 0; sent < length;) sent += await to.SendAsync(buffer.AsMemory(sent, length - sent), link.Closed);
            }
        }
        catch (Exception over) when (over is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // nobody hears of the end either
            while (link.IsSilent && !link.Closed.IsCancellationRequested) await Task.WhenAny(Task.Delay(5));
        }
    }

    private sealed class Link(Socket client, Socket server) : ProxiedLink
    {
        private readonly CancellationTokenSource _closed = new();

        public Socket Client => client;
        public Socket Server => server;
        public CancellationToken Closed => _closed.Token;

        /// <summary>Nothing will ever pass: its first packets were dropped.</summary>
        public bool IsDead { get; set; }

        public void Close()
        {
            _closed.Cancel();
            client.Close(0);
            server.Close(0);
        }
    }
}

/// <summary>One connection through a <see cref="NetworkProxy"/>.</summary>
public abstract class ProxiedLink
{
    private volatile bool _isSilent;
    private volatile bool _isSubscription;

    public bool IsSilent { get => _isSilent; internal set => _isSilent = value; }

    /// <summary>To Redis: the connection has subscribed to a channel.</summary>
    public bool IsSubscription { get => _isSubscription; internal set => _isSubscription = value; }
}
