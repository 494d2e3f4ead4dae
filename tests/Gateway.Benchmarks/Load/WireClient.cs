using System.Buffers.Binary;
using System.Buffers.Text;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Gateway.Benchmarks.Load;

/// <summary>
/// A WebSocket client by hand, cheap enough for a thousand of them on one core: frames are taken apart by their headers, and of a payload
/// only the stamp <c>~t=TIME;s=NUMBER;</c> is read, once per message however many share a frame.
/// </summary>
internal sealed class WireClient : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly Action<long, long>? _onStamp;
    private byte[] _buffer = new byte[4096];
    private int _kept;

    /// <param name="onStamp">Called for each message with its time and number.</param>
    private WireClient(Action<long, long>? onStamp) => _onStamp = onStamp;

    public long Received { get; private set; }

    /// <summary>The number that came last; every message must bring the next.</summary>
    public long Last { get; private set; }

    /// <summary>Messages that did not follow the one before.</summary>
    public long OutOfOrder { get; private set; }
    public bool IsClosed { get; private set; }

    public static async Task<WireClient> ConnectAsync(int port, Dialect dialect, Action<long, long>? onStamp, bool reads = true)
    {
        var client = new WireClient(onStamp);
        if (!reads) client._socket.ReceiveBufferSize = 4096;
        await client._socket.ConnectAsync(IPAddress.Loopback, port);
        await client._socket.SendAsync(Encoding.ASCII.GetBytes(
            $"GET {dialect.Path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"));
        while (client.HeadEnd() < 0)
        {
            var read = await client._socket.ReceiveAsync(client._buffer.AsMemory(client._kept)).AsTask()
                .WaitAsync(TimeSpan.FromSeconds(20));
            if (read == 0) throw new IOException("closed during the upgrade");
            client._kept += read;
        }
        var end = client.HeadEnd();
        if (!client._buffer.AsSpan(0, end).StartsWith("HTTP/1.1 101"u8))
            throw new IOException("no upgrade: " + Encoding.ASCII.GetString(client._buffer, 0, end));
        client._buffer.AsSpan(end + 4, client._kept - end - 4).CopyTo(client._buffer);
        client._kept -= end + 4;
        if (dialect.IsSignalR) client.Send("{\"protocol\":\"json\",\"version\":1}\u001e");
        if (reads) _ = client.ReceiveAsync(); // ends with the socket
        return client;
    }

    /// <summary>One masked text frame; a mask of zeros is a mask.</summary>
    public void Send(string text)
    {
        var payload = Encoding.UTF8.GetBytes(text);
        var header = payload.Length < 126 ? 6 : payload.Length <= ushort.MaxValue ? 8 : 14;
        var frame = new byte[header + payload.Length];
        frame[0] = 0x81;
        if (header == 6) frame[1] = (byte)(0x80 | payload.Length);
        else if (header == 8) (frame[1], frame[2], frame[3]) = (0x80 | 126, (byte)(payload.Length >> 8), (byte)payload.Length);
        else
        {
            frame[1] = 0x80 | 127;
            BinaryPrimitives.WriteInt64BigEndian(frame.AsSpan(2), payload.Length);
        }
        payload.CopyTo(frame, header);
        _socket.Send(frame);
    }

    public void Dispose() => _socket.Dispose();

    private int HeadEnd() => _buffer.AsSpan(0, _kept).IndexOf("\r\n\r\n"u8);

    private async Task ReceiveAsync()
    {
        try
        {
            while (true)
            {
                TakeFrames();
                if (_kept == _buffer.Length) Array.Resize(ref _buffer, Math.Min(_buffer.Length * 4, 1 << 20));
                var read = await _socket.ReceiveAsync(_buffer.AsMemory(_kept));
                if (read == 0) break;
                _kept += read;
            }
        }
        catch (Exception gone) when (gone is SocketException or ObjectDisposedException)
        {
            // Closed.
        }
        IsClosed = true;
    }

    private void TakeFrames()
    {
        var rest = _buffer.AsSpan(0, _kept);
        while (rest.Length >= 2)
        {
            var (header, length) = (rest[1] & 0x7f) switch
            {
                126 => (4, rest.Length < 4 ? -1 : BinaryPrimitives.ReadUInt16BigEndian(rest[2..])),
                127 => (10, rest.Length < 10 ? -1 : (int)BinaryPrimitives.ReadUInt64BigEndian(rest[2..])),
                var small => (2, small),
            };
            if (length < 0 || rest.Length < header + length) break;
            TakeStamps(rest.Slice(header, length));
            rest = rest[(header + length)..];
        }
        rest.CopyTo(_buffer);
        _kept = rest.Length;
    }

    private void TakeStamps(ReadOnlySpan<byte> payload)
    {
        while (payload.IndexOf("~t="u8) is >= 0 and var at)
        {
            payload = payload[(at + 3)..];
            if (!Utf8Parser.TryParse(payload, out long time, out var used)) continue;
            payload = payload[(used + 3)..];
            if (!Utf8Parser.TryParse(payload, out long number, out _)) continue;
            if (Received > 0 && number != Last + 1) OutOfOrder++;
            Last = number;
            Received++;
            _onStamp?.Invoke(time, number);
        }
    }

    public static string Stamp(string publish, long time, long number, int size) =>
        publish.Replace("%P", $"~t={time};s={number};".PadRight(size, 'x'), StringComparison.Ordinal);

    public static long Now => Stopwatch.GetTimestamp();
}
