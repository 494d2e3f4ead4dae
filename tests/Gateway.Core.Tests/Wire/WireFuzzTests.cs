using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Gateway.Core.Messages;
using Gateway.Core.Wire;

namespace Gateway.Core.Tests.Wire;

public sealed class WireFuzzTests
{
    private static readonly FieldNames Fields = new("room", "content", "offset");

    private static readonly byte[][] Good =
    [
        .. GoldenFile.All.Values.Where(g => g.Raw != null).Select(g => Encoding.UTF8.GetBytes(g.Raw!)),
        """{"type":"t\ud83d\ude00","payload":{"a":[[[{}]]],"b":"\ud83d\ude00"},"id":-1.5e10}"""u8.ToArray(),
    ];

    [Fact]
    public void EnvelopeReaderNeverThrowsAndWhatItAcceptsIsJson()
    {
        foreach (var frame in Mutations.Of(Good, 30_000, seed: 1))
        {
            var error = EnvelopeReader.Read(frame, out var envelope);
            if (error != null)
            {
                Assert.Equal(400, error.Code);
                continue;
            }
            Assert.InRange(envelope.Type.Length, 1, MessageType.MaxLength);
            using var payload = JsonDocument.Parse(envelope.Payload.ToArray());
            if (!envelope.Id.IsEmpty) using (JsonDocument.Parse(envelope.Id.ToArray()))
            {
            }
        }
    }

    [Fact]
    public void WhatTheReadersAcceptGoesThroughTheWritersAsValidJson()
    {
        foreach (var frame in Mutations.Of(Good, 30_000, seed: 2))
        {
            if (EnvelopeReader.Read(frame, out var envelope) != null) continue;
            if (JsonRules.Check(envelope.Payload) == null) AssertIsStrictJson(envelope.Payload.ToArray());
            var fields = new PayloadFields(envelope.Payload, Fields);
            var content = fields.RequiredText(1);
            if (fields.Error != null) continue;
            var chat = Payloads.Chat("lobby", "ada", "Ada", content, DateTimeOffset.UnixEpoch, fields.OptionalString(0, 100));
            AssertIsStrictJson(OffsetField.Append(chat, 1));
        }
    }

    [Fact]
    public void BackplaneFrameReaderNeverThrows()
    {
        byte[][] good =
        [
            BackplaneFrame.WriteMessage(Audience.Room("lobby") with { Except = ["a", "b"] }, new Message("chat", "{}"u8.ToArray())),
            BackplaneFrame.WriteCommand("r1", 7, new RemoteCommand("c-1", RemoteAction.Join, "lobby")),
            BackplaneFrame.WriteReply(7, default),
            BackplaneFrame.WriteReply(7, Error.Forbidden("no")),
        ];
        foreach (var frame in Mutations.Of(good, 30_000, seed: 3))
        {
            if (BackplaneFrame.KindOf(frame) == null) continue;
            BackplaneFrame.TryReadMessage(frame, out _, out _);
            BackplaneFrame.TryReadCommand(frame, out _, out _, out _);
            BackplaneFrame.TryReadReply(frame, out _, out _);
        }
    }

    private static void AssertIsStrictJson(byte[] json)
    {
        Assert.True(Utf8.IsValid(json), "a client must fail a connection that brings it something else than UTF-8");
        using var document = JsonDocument.Parse(json, new JsonDocumentOptions { AllowDuplicateProperties = false });
        ReadStrings(document.RootElement);
    }

    private static void ReadStrings(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.String: element.GetString(); break;
            case JsonValueKind.Array: foreach (var item in element.EnumerateArray()) ReadStrings(item); break;
            case JsonValueKind.Object: foreach (var field in element.EnumerateObject()) ReadStrings(field.Value); break;
        }
    }
}
