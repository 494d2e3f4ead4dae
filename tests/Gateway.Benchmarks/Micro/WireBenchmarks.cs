using BenchmarkDotNet.Attributes;
using Gateway.Core.Messages;
using Gateway.Core.Wire;

namespace Gateway.Benchmarks.Micro;

[MemoryDiagnoser]
public class WireBenchmarks
{
    private static readonly byte[] Envelope = System.Text.Encoding.UTF8.GetBytes(
        "{\"type\":\"chat\",\"payload\":{\"room\":\"lobby\",\"content\":\"" + new string('x', 128) + "\"},\"id\":17}");

    private static readonly Message Message = new("chat",
        Payloads.Chat(
            "lobby", "guest-1", "Ann", System.Text.Encoding.UTF8.GetBytes('"' + new string('x', 128) + '"'), DateTimeOffset.UnixEpoch,
            null))
    { CarriesOffset = true };

    [Benchmark]
    public int ReadEnvelope()
    {
        EnvelopeReader.Read(Envelope, out var envelope);
        return envelope.Payload.Length;
    }

    [Benchmark]
    public int EncodeForBothDialects()
    {
        var payload = MessageWriter.CompletePayload(Message, new Position("e", 17));
        return MessageWriter.Write(Message, payload, FrameFormat.RawWebSocket).Length
            + MessageWriter.Write(Message, payload, FrameFormat.SignalRWebSocket).Length;
    }
}
