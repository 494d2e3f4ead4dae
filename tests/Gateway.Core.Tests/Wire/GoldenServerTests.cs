using System.Reflection;
using System.Text;
using System.Text.Json;
using Gateway.Core.Messages;
using Gateway.Core.Wire;

namespace Gateway.Core.Tests.Wire;

public sealed class GoldenServerTests
{
    private const char RecordSeparator = '\u001e';

    public static TheoryData<string> Messages => [.. GoldenMessages.All.Keys];
    public static TheoryData<string> Results => [.. GoldenMessages.Results.Keys];
    public static TheoryData<string> Errors => [.. GoldenMessages.Errors.Keys];
    public static TheoryData<string> Invocations => [.. GoldenMessages.Invocations.Keys];
    public static TheoryData<string> Closes => [.. GoldenMessages.Closes.Keys];

    [Fact]
    public void EveryServerMessageHasAGoldenFileAndEveryFileAMessage() =>
        Assert.Equal(GoldenFile.Names("server"), GoldenMessages.Names.Order(StringComparer.Ordinal));

    [Fact]
    public void EveryFileIsNamedAsItIsCalledAndHasADirection() => Assert.All(GoldenFile.All, entry =>
    {
        Assert.Equal(entry.Key, entry.Value.Name);
        Assert.Contains(entry.Value.Direction, (string[])["server", "client"]);
    });

    /// <summary>Whoever adds a payload adds a golden file: the numbers here are of the methods that write one.</summary>
    [Fact]
    public void EveryPayloadWriterIsCovered()
    {
        var writers = new[] { typeof(Payloads), typeof(PresencePayloads), typeof(RoomPayloads), typeof(TokenPayloads),
        typeof(ModerationPayloads) }
            .SelectMany(t => t.GetMethods(BindingFlags.Public | BindingFlags.Static | BindingFlags.DeclaredOnly))
            .Where(m => !m.IsSpecialName && m.ReturnType != typeof(string))
            .Select(m => m.Name)
            .Where(name => name != nameof(RoomPayloads.WritePosition)); // a part of others
        Assert.Equal(
            [
                "Chat", "Counts", "Delivered", "Direct", "EpochChanged", "Expiring", "Gap", "History", "Joined", "Kicked", "KickedCount",
                "Left",
                "Members", "Muted", "Pong", "Published", "Refreshed", "Restriction", "Status", "System", "Unmuted", "Welcome",
            ],
            writers.Order(StringComparer.Ordinal));
    }

    [Theory, MemberData(nameof(Messages))]
    public void MessageIsWrittenAsItsGoldenFileSays(string name)
    {
        var golden = GoldenFile.All[name];
        var (message, position) = GoldenMessages.All[name];
        var payload = MessageWriter.CompletePayload(message, position);

        Assert.Equal(golden.Type, message.Type);
        AssertText(golden.Raw, Frames.TextOf(MessageWriter.Write(message, payload, FrameFormat.RawWebSocket)));
        AssertText(golden.Signalr + RecordSeparator, Frames.TextOf(MessageWriter.Write(message, payload, FrameFormat.SignalRWebSocket)));
        AssertText(golden.Signalr + RecordSeparator, MessageWriter.Write(message, payload, FrameFormat.SignalRRecord));
    }

    [Theory, MemberData(nameof(Messages))]
    public void BothDialectsCarryTheSamePayload(string name)
    {
        var golden = GoldenFile.All[name];
        using var raw = JsonDocument.Parse(golden.Raw!);
        using var signalr = JsonDocument.Parse(golden.Signalr!);
        var payload = raw.RootElement.GetProperty("payload");
        var arguments = signalr.RootElement.GetProperty("arguments");

        Assert.True(JsonElement.DeepEquals(golden.Payload, payload));
        if (!GoldenMessages.All[name].Message.IsArgumentList)
            Assert.Equal(
                payload.GetRawText(), Assert.Single(arguments.EnumerateArray()).GetRawText());
        else if (payload.ValueKind == JsonValueKind.Null) Assert.Empty(arguments.EnumerateArray());
        else Assert.Equal(payload.GetRawText(), arguments.GetRawText());
    }

    [Theory, MemberData(nameof(Results))]
    public void ResultIsWrittenAsItsGoldenFileSays(string name)
    {
        var golden = GoldenFile.All[name];
        var result = GoldenMessages.Results[name];
        var frame = golden.IdBytes.Length > 0
            ? ReplyWriter.WriteAck(golden.IdBytes, result.Span)
            : MessageWriter.Write(new Message(golden.Type, result), result, FrameFormat.RawWebSocket);

        AssertText(golden.Raw, Frames.TextOf(frame));
        AssertText(
            golden.Signalr,
            Encoding.UTF8.GetBytes($$"""{"type":3,"invocationId":"1","result":{{Encoding.UTF8.GetString(result.Span)}}}"""));
    }

    [Theory, MemberData(nameof(Errors))]
    public void ErrorIsWrittenAsItsGoldenFileSays(string name)
    {
        var golden = GoldenFile.All[name];
        var error = GoldenMessages.Errors[name];

        AssertText(golden.Raw, Frames.TextOf(ReplyWriter.WriteError(golden.IdBytes, error)));
        if (golden.Signalr == null) return;
        using var completion = JsonDocument.Parse(golden.Signalr);
        Assert.Contains("HubException: " + error, completion.RootElement.GetProperty("error").GetString(), StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Invocations))]
    public void InvocationIsWrittenAsItsGoldenFileSays(string name)
    {
        var golden = GoldenFile.All[name];
        var (message, id) = GoldenMessages.Invocations[name];

        AssertText(golden.Signalr + RecordSeparator, Frames.TextOf(InvocationWriter.Write(message, id, FrameFormat.SignalRWebSocket)));
        AssertText(golden.Signalr + RecordSeparator, InvocationWriter.Write(message, id, FrameFormat.SignalRRecord));
    }

    [Theory, MemberData(nameof(Closes))]
    public void CloseFrameIsWrittenAsItsGoldenFileSays(string name)
    {
        var golden = GoldenFile.All[name];
        var reason = GoldenMessages.Closes[name];
        byte[] close = [0x88, (byte)(2 + reason.Text.Length), (byte)(golden.Close!.Code >> 8), (byte)golden.Close.Code,
        .. Encoding.UTF8.GetBytes(golden.Close.Reason)];
        var record = Encoding.UTF8.GetBytes(golden.Signalr + RecordSeparator);

        Assert.Equal(close, CloseWriter.Write(reason, FrameFormat.RawWebSocket));
        Assert.Equal([0x81, (byte)record.Length, .. record, .. close], CloseWriter.Write(reason, FrameFormat.SignalRWebSocket));
        Assert.Equal(record, CloseWriter.Write(reason, FrameFormat.SignalRRecord));
    }

    private static void AssertText(string? expected, byte[] actual)
    {
        Assert.Equal(expected, Encoding.UTF8.GetString(actual));
        Assert.Equal(Encoding.UTF8.GetBytes(expected!), actual);
    }
}
