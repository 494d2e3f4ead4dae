using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Gateway.Testing;

/// <summary>A WebSocket client by hand, for what no library would send: it does what it is told and nothing by itself.</summary>
public sealed class HandMadeSocket : IDisposable
{
    public const byte Continuation = 0x0;
    public const byte Text = 0x1;
    public const byte Binary = 0x2;
    public const byte Close = 0x8;
    public const byte Ping = 0x9;
    public const byte Pong = 0xA;

    private readonly IDisposable _connection;
    private readonly Stream _stream;

    private HandMadeSocket(IDisposable connection, Stream stream)
    {
        _connection = connection;
        _stream = stream;
    }

    /// <summary>The head of the answer to the upgrade, as it came.</summary>
    public string Answer { get; private set; } = "";

    /// <param name="receiveBuffer">Small for a client that is to stall soon.</param>
    public static async Task<HandMadeSocket> OpenAsync(Uri server, string path, int? receiveBuffer = null)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        if (receiveBuffer is { } size) socket.ReceiveBufferSize = size;
        await socket.ConnectAsync(IPAddress.Parse(server.Host), server.Port).Within("the connection");
        var client = new HandMadeSocket(socket, new NetworkStream(socket));
        await client._stream.WriteAsync(Encoding.ASCII.GetBytes(
            $"GET {path} HTTP/1.1\r\nHost: {server.Authority}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"));
        var head = new StringBuilder();
        var one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            if (await client._stream.ReadAsync(one).Within("the upgrade's answer") == 0)
                throw new IOException("closed during the upgrade: " + head);
            head.Append((char)one[0]);
        }
        if (!head.ToString().StartsWith("HTTP/1.1 101", StringComparison.Ordinal)) throw new IOException("no upgrade: " + head);
        client.Answer = head.ToString();
        return client;
    }

    /// <summary>
    /// Over HTTP/2, RFC 8441: an extended CONNECT, whose stream carries the same frames. The server's certificate is not checked.
    /// </summary>
    public static async Task<HandMadeSocket> OpenHttp2Async(Uri server, string path)
    {
        var handler = new SocketsHttpHandler { SslOptions = { RemoteCertificateValidationCallback = static (_, _, _, _) => true } };
        var http = new HttpMessageInvoker(handler);
        var request = new HttpRequestMessage(HttpMethod.Connect, new Uri(server, path));
        (request.Version, request.VersionPolicy) = (HttpVersion.Version20, HttpVersionPolicy.RequestVersionExact);
        request.Headers.Protocol = "websocket";
        request.Headers.TryAddWithoutValidation("Sec-WebSocket-Version", "13");
        var answer = await http.SendAsync(request, default).Within("the answer to the extended CONNECT");
        if (!answer.IsSuccessStatusCode) throw new IOException("no WebSocket: " + answer.StatusCode);
        return new HandMadeSocket(http, await answer.Content.ReadAsStreamAsync());
    }

    public Task SendTextAsync(string text) => SendAsync(Text, Encoding.UTF8.GetBytes(text));

    /// <summary>RFC 6455 section 5.2, each part of it at the caller's will.</summary>
    public async Task SendAsync(
        byte opcode, ReadOnlyMemory<byte> payload, bool final = true, bool masked = true, byte reserved = 0, long? claimedLength = null)
    {
        var frame = new List<byte> { (byte)((final ? 0x80 : 0) | (reserved << 4) | opcode) };
        var length = claimedLength ?? payload.Length;
        var mask = (byte)(masked ? 0x80 : 0);
        if (length < 126) frame.Add((byte)(mask | (byte)length));
        else if (length <= ushort.MaxValue) frame.AddRange([(byte)(mask | 126), (byte)(length >> 8), (byte)length]);
        else
        {
            frame.Add((byte)(mask | 127));
            var eight = new byte[8];
            BinaryPrimitives.WriteInt64BigEndian(eight, length);
            frame.AddRange(eight);
        }
        if (masked) frame.AddRange([0, 0, 0, 0]); // a mask of zeros leaves the payload readable
        frame.AddRange(payload.Span);
        await SendBytesAsync(frame.ToArray());
    }

    public async Task SendBytesAsync(ReadOnlyMemory<byte> bytes)
    {
        await _stream.WriteAsync(bytes).AsTask().Within("bytes to be sent");
        await _stream.FlushAsync().Within("bytes to be sent");
    }

    /// <summary>The next frame, or <c>null</c> when the server has closed the connection.</summary>
    public async Task<HandMadeFrame?> ReadAsync()
    {
        try
        {
            var head = new byte[2];
            await _stream.ReadExactlyAsync(head).AsTask().Within("a frame");
            var length = (long)(head[1] & 0x7f);
            if (length >= 126)
            {
                var extended = new byte[length == 126 ? 2 : 8];
                await _stream.ReadExactlyAsync(extended).AsTask().Within("a frame's length");
                length = length == 126 ? BinaryPrimitives.ReadUInt16BigEndian(extended) : BinaryPrimitives.ReadInt64BigEndian(extended);
            }
            var payload = new byte[length];
            await _stream.ReadExactlyAsync(payload).AsTask().Within("a frame's payload");
            return new HandMadeFrame(
                (head[0] & 0x80) != 0, (byte)((head[0] >> 4) & 7), (byte)(head[0] & 0xf), (head[1] & 0x80) != 0, payload);
        }
        catch (Exception gone) when (gone is IOException or EndOfStreamException)
        {
            return null;
        }
    }

    /// <summary>The next frame, however long it takes, or <c>null</c> when the server has closed the connection.</summary>
    public async Task<HandMadeFrame?> NextAsync(CancellationToken cancel)
    {
        try
        {
            // Waits for the frame's first byte only: once it has begun, ReadAsync's own deadline holds.
            _ = await _stream.ReadAsync(Memory<byte>.Empty, cancel);
            return await ReadAsync();
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>Every frame until the server closes the connection.</summary>
    public async Task<List<HandMadeFrame>> ReadAllAsync()
    {
        var frames = new List<HandMadeFrame>();
        while (await ReadAsync() is { } frame) frames.Add(frame);
        return frames;
    }

    public void Dispose()
    {
        _stream.Dispose();
        _connection.Dispose();
    }
}

public sealed record HandMadeFrame(bool Final, byte Reserved, byte Opcode, bool Masked, byte[] Payload)
{
    public string Text => Encoding.UTF8.GetString(Payload);

    public (int Code, string Reason) CloseStatus =>
        Opcode != HandMadeSocket.Close ? (0, "not a close frame: " + Text)
        : Payload.Length < 2 ? (1005, "") : (BinaryPrimitives.ReadUInt16BigEndian(Payload), Encoding.UTF8.GetString(Payload.AsSpan(2)));
}
