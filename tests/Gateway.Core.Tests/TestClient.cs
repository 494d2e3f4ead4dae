using System.Text;
using System.Text.Json;
using Gateway.Core.Commands;
using Gateway.Core.Connections;
using Gateway.Core.Tests.Connections;
using Gateway.Core.Tests.Wire;
using Gateway.Core.Wire;

namespace Gateway.Core.Tests;

/// <summary>One client of a <see cref="TestCore"/>: what it sends, and what it has received.</summary>
internal sealed class TestClient(TestCore core, TestSink sink, Connection connection)
{
    public TestSink Sink => sink;
    public Connection Connection => connection;

    /// <summary>Everything so far: type and payload, of a SignalR client target and first argument.</summary>
    public IReadOnlyList<(string Type, JsonElement Payload)> Received =>
        [
            .. (
                sink.Format == FrameFormat.SignalRRecord ? Encoding.UTF8.GetString(sink.Written)
                    .Split('\u001e')[..^1] : Frames.ReadAll(sink.Written).Select(Text)).Select(Read)
        ];

    /// <summary>The payloads of one type, as they stand there.</summary>
    public IReadOnlyList<string> PayloadsOf(string type) => [.. Received.Where(r => r.Type == type).Select(r => r.Payload.GetRawText())];

    public IReadOnlyList<long> OffsetsOf(string type) =>
        [.. Received.Where(r => r.Type == type).Select(r => r.Payload.GetProperty("offset").GetInt64())];

    public Task<CommandResult> SendAsync(string type, string payload) =>
        core.Router.ExecuteAsync(connection, Encoding.UTF8.GetBytes(type), Encoding.UTF8.GetBytes(payload)).Bounded();

    /// <summary>Sends what is expected to succeed and returns the result.</summary>
    public async Task<string> DoAsync(string type, string payload)
    {
        var outcome = await SendAsync(type, payload);
        Assert.Null(outcome.Error);
        return Encoding.UTF8.GetString(outcome.Result.Span);
    }

    /// <summary>Sends what is expected to be refused and returns why, as <c>400: text</c>.</summary>
    public async Task<string> FailAsync(string type, string payload) => (await SendAsync(type, payload)).Error?.ToString() ?? "no error";

    /// <summary>Waits until it has received as many messages of the type.</summary>
    public async Task HasAsync(string type, int count)
    {
        while (true)
        {
            var bytes = sink.HandedBytes;
            if (Received.Count(r => r.Type == type) >= count) return;
            await Within.Until(() => sink.HandedBytes > bytes, $"{count} × {type}");
        }
    }

    private static string Text((byte FinAndOpcode, string Payload) frame) =>
        Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(frame.Payload)).TrimEnd('\u001e');

    private static (string, JsonElement) Read(string text)
    {
        using var document = JsonDocument.Parse(text);
        var root = document.RootElement;
        return root.TryGetProperty("target", out var target)
            ? (target.GetString()!, root.GetProperty("arguments")[0].Clone())
            : (root.GetProperty("type").GetString()!, root.GetProperty("payload").Clone());
    }
}
