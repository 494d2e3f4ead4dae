using BenchmarkDotNet.Attributes;

namespace Gateway.Benchmarks.Micro;

/// <summary>A chat from a client's bytes to every outbox, through the command router, the backplane and the fan-out's own thread.</summary>
[MemoryDiagnoser]
public class RelayBenchmarks
{
    private static readonly byte[] Payload = System.Text.Encoding.UTF8.GetBytes("{\"content\":\"" + new string('x', 128) + "\"}");

    private Bench _bench = null!;

    [Params(1, 100)]
    public int Members { get; set; }

    [GlobalSetup]
    public void Setup() => _bench = new Bench(Members);

    [Benchmark]
    public void OneChat()
    {
        var before = _bench.Delivered;
        var outcome = _bench.Router.ExecuteAsync(_bench.Sender, "chat"u8, Payload);
        if (!outcome.IsCompletedSuccessfully || outcome.Result.Error != null) throw new InvalidOperationException("the chat was refused");
        SpinWait spin = default;
        while (_bench.Delivered < before + Members) spin.SpinOnce(sleep1Threshold: -1);
    }
}
