using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using Gateway.Core.Configuration;
using Gateway.Redis.Options;

namespace Gateway.Redis.Servers;

/// <summary>
/// Asks a server that cannot be used what it has against us, over a connection of its own. The client library keeps such answers to itself: a wrong password, a full server
/// and no server at all look the same there.
/// </summary>
internal static class RedisDiagnosis
{
    private const int DefaultPort = 6379;

    /// <param name="key">Written, with a lifetime of a minute: a server that is read-only answers a ping.</param>
    /// <returns>Redis's own words, or those of the network; empty if there is nothing against us. Never the password.</returns>
    public static async Task<string> AskAsync(RedisAddress address, string key, TimeSpan limit, TimeProvider time)
    {
        using var client = new TcpClient();
        using var deadline = new CancellationTokenSource(limit, time);
        try
        {
            var (host, port) = Split(address.Endpoints[0]);
            await client.ConnectAsync(host, port, deadline.Token);
            await using var stream = await SecuredAsync(client.GetStream(), address, host, deadline.Token);
            if (address["password"] is { Length: > 0 } password && await SayAsync(stream, ["AUTH", password], deadline.Token) is ['-', ..] refusal) return refusal[1..];
            return await SayAsync(stream, ["SET", key, "1", "EX", "60"], deadline.Token) is ['-', ..] away ? away[1..] : "";
        }
        catch (OperationCanceledException)
        {
            return "no answer";
        }
        catch (Exception fault) when (fault is SocketException or IOException or System.Security.Authentication.AuthenticationException)
        {
            return fault.Message;
        }
    }

    private static (string Host, int Port) Split(string endpoint)
    {
        var colon = endpoint.LastIndexOf(':');
        return colon > endpoint.LastIndexOf(']') ? (endpoint[..colon].Trim('[', ']'), int.Parse(endpoint[(colon + 1)..])) : (endpoint.Trim('[', ']'), DefaultPort);
    }

    private static async Task<Stream> SecuredAsync(Stream stream, RedisAddress address, string host, CancellationToken cancel)
    {
        if (!bool.TryParse(address["ssl"], out var isSecured) || !isSecured) return stream;
        var secured = new SslStream(stream);
        await secured.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = address["sslHost"] ?? host }, cancel);
        return secured;
    }

    /// <returns>The first line of the answer; empty if the connection ended.</returns>
    private static async Task<string> SayAsync(Stream stream, string[] words, CancellationToken cancel)
    {
        var command = new StringBuilder().Append('*').Append(words.Length).Append("\r\n");
        foreach (var word in words) command.Append('$').Append(Encoding.UTF8.GetByteCount(word)).Append("\r\n").Append(word).Append("\r\n");
        await stream.WriteAsync(Encoding.UTF8.GetBytes(command.ToString()), cancel);
        var answer = new byte[512];
        var length = 0;
        while (length < answer.Length && answer.AsSpan(0, length).IndexOf((byte)'\n') < 0)
        {
            var read = await stream.ReadAsync(answer.AsMemory(length), cancel);
            if (read == 0) break;
            length += read;
        }
        return Printable.Text(Encoding.UTF8.GetString(answer, 0, length).Split('\r')[0]);
    }
}
