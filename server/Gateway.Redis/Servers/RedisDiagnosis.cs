using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using Gateway.Core.Configuration;
using Gateway.Redis.Options;

namespace Gateway.Redis.Servers;

/// <summary>
/// Finds out over a separate connection why a server is unusable. The client library hides the reason: a wrong password, a full server
/// and an unreachable server look the same there.
/// </summary>
internal static class RedisDiagnosis
{
    private const int DefaultPort = 6379;

    /// <param name="key">Written with a lifetime of a minute, because a read-only server still replies to PING.</param>
    /// <returns>The error text of Redis or of the network, without the password; empty if everything works.</returns>
    public static async Task<string> RunAsync(RedisAddress address, string key, TimeSpan limit, TimeProvider time)
    {
        using var client = new TcpClient();
        using var deadline = new CancellationTokenSource(limit, time);
        try
        {
            var (host, port) = Split(address.Endpoints[0]);
            await client.ConnectAsync(host, port, deadline.Token);
            await using var stream = await UseTlsAsync(client.GetStream(), address, host, deadline.Token);
            if (address["password"] is { Length: > 0 } password
                && await SendAsync(stream, ["AUTH", password], deadline.Token) is ['-', ..] authError)
            {
                return authError[1..];
            }
            return await SendAsync(stream, ["SET", key, "1", "EX", "60"], deadline.Token) is ['-', ..] writeError ? writeError[1..] : "";
        }
        catch (OperationCanceledException)
        {
            return "no reply";
        }
        catch (Exception fault) when (fault is SocketException or IOException or System.Security.Authentication.AuthenticationException)
        {
            return fault.Message;
        }
    }

    private static (string Host, int Port) Split(string endpoint)
    {
        var colon = endpoint.LastIndexOf(':');
        return colon > endpoint.LastIndexOf(']')
            ? (endpoint[..colon].Trim('[', ']'), int.Parse(endpoint[(colon + 1)..]))
            : (endpoint.Trim('[', ']'), DefaultPort);
    }

    private static async Task<Stream> UseTlsAsync(Stream stream, RedisAddress address, string host, CancellationToken cancel)
    {
        if (!bool.TryParse(address["ssl"], out var useTls) || !useTls) return stream;
        var tls = new SslStream(stream);
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = address["sslHost"] ?? host }, cancel);
        return tls;
    }

    /// <returns>The first line of the reply; empty if the connection ended.</returns>
    private static async Task<string> SendAsync(Stream stream, string[] arguments, CancellationToken cancel)
    {
        var command = new StringBuilder().Append('*').Append(arguments.Length).Append("\r\n");
        foreach (var argument in arguments)
            command.Append('$').Append(Encoding.UTF8.GetByteCount(argument)).Append("\r\n").Append(argument).Append("\r\n");
        await stream.WriteAsync(Encoding.UTF8.GetBytes(command.ToString()), cancel);
        var reply = new byte[512];
        var length = 0;
        while (length < reply.Length && reply.AsSpan(0, length).IndexOf((byte)'\n') < 0)
        {
            var read = await stream.ReadAsync(reply.AsMemory(length), cancel);
            if (read == 0) break;
            length += read;
        }
        return Printable.Text(Encoding.UTF8.GetString(reply, 0, length).Split('\r')[0]);
    }
}
