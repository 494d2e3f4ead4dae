using BenchmarkDotNet.Attributes;
using Gateway.Core.Broadcast;
using Gateway.Core.Messages;

namespace Gateway.Benchmarks.Micro;

/// <summary>One message to N outboxes: what is allocated does not depend on N.</summary>
[MemoryDiagnoser]
public class FanOutBenchmarks
{
    private static readonly Message Message = new(
        "chat", System.Text.Encoding.UTF8.GetBytes("{\"content\":\"" + new string('x', 128) + "\"}"))
    { CarriesOffset = true };

    private Bench _bench = null!;
    private long _offset;

    [Params(1, 100, 1000)]
    public int Members { get; set; }

    [GlobalSetup]
    public void Setup() => _bench = new Bench(Members);

    [Benchmark]
    public void OneMessage()
    {
        var delivery = new Delivery(Audience.Room("lobby"), Message, new Position("e", ++_offset), SlowConsumerPolicy.Disconnect, 0);
        _bench.Poster.Post(_bench.Rooms.Find("lobby")!.Members, [delivery]);
    }
}
