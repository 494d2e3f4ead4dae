using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Gateway.Benchmarks.Forwarding;
using Gateway.Benchmarks.History;
using Gateway.Benchmarks.Load;
using Gateway.Benchmarks.Peers;

switch (args)
{
    case ["micro", .. var rest]:
        // In this process: the tool's own build of a project of its own does not get along with central package versions.
        var config = DefaultConfig.Instance.AddJob(Job.ShortRun.WithToolchain(InProcessEmitToolchain.Instance))
            .WithOptions(ConfigOptions.JoinSummary);
        BenchmarkSwitcher.FromAssembly(typeof(FanOutProgram).Assembly).Run(rest.Length > 0 ? rest : ["--filter", "*"], config);
        return 0;
    case ["fanout", .. var rest]:
        return await FanOutProgram.RunAsync(rest);
    case ["relay", .. var rest]:
        return await FanOutProgram.RunRelayAsync(rest);
    case ["embedded", .. var rest]:
        return await FanOutProgram.RunEmbeddedAsync(rest);
    case ["history", .. var rest]:
        return await HistoryProgram.RunAsync(rest);
    case ["forwarding", .. var rest]:
        return await ForwardingProgram.RunAsync(rest);
    case ["peer", "signalr", var port]:
        await SignalRPeer.RunAsync(int.Parse(port));
        return 0;
    case ["peer", "hub", var port]:
        await SignalRPeer.RunAsync(int.Parse(port), onGateway: true);
        return 0;
    case ["peer", "raw", var port]:
        await RawPeer.RunAsync(int.Parse(port));
        return 0;
    default:
        Console.Error.WriteLine("""
            usage: dotnet run -c Release --project tests/Gateway.Benchmarks -- micro [BenchmarkDotNet arguments]
                   dotnet run -c Release --project tests/Gateway.Benchmarks -- fanout [--scenario rate,flat,idle,stalled,mixed,small,redis]
                                                                          [--subscribers 1000] [--seconds 5] [--repeat 3] [--write]
                   dotnet run -c Release --project tests/Gateway.Benchmarks -- relay
                                                                          [--subscribers 1000] [--seconds 5] [--repeat 3] [--write]
                   dotnet run -c Release --project tests/Gateway.Benchmarks -- embedded [--scenario rate,flat,small,stalled]
                                                                          [--subscribers 1000] [--seconds 5] [--repeat 3] [--write]
                   dotnet run -c Release --project tests/Gateway.Benchmarks -- history [--seconds 5] [--repeat 3] [--write]
                   dotnet run -c Release --project tests/Gateway.Benchmarks -- forwarding
                                                                          [--subscribers 200] [--seconds 5] [--repeat 3] [--write]
            """);
        return 2;
}
