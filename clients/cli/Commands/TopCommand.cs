using System.CommandLine;
using System.Globalization;
using Gateway.Client;
using Spectre.Console;

namespace Gateway.Cli.Commands;

/// <summary><c>gateway-cli top</c>: a live table of the replicas; if redirected, one line per second.</summary>
internal static class TopCommand
{
    private static readonly TimeSpan Silent = TimeSpan.FromSeconds(5);

    public static Command Make(Func<ParseResult, string?, Session> connect)
    {
        var count = new Option<int?>("--count") { Description = "Exit after this many seconds" };
        var command = new Command("top", "Show the load of each replica; Ctrl+C exits") { count };
        command.SetAction(
            (result, cancel) =>
                connect(result, "top").RunAsync((client, over) => WatchAsync(client, result.GetValue(count), over), cancel));
        return command;
    }

    private static async Task WatchAsync(GatewayClient client, int? count, CancellationToken cancel)
    {
        var replicas = new SortedDictionary<string, (Figures Figures, long At)>(StringComparer.Ordinal);
        client.On("metrics", message =>
        {
            var figures = message.Read(CliJson.Default.Figures);
            lock (replicas) replicas[figures.Replica] = (figures, Environment.TickCount64);
        });
        await client.JoinAsync("metrics", cancel);
        if (Console.IsOutputRedirected) await PrintAsync(replicas, count, cancel);
        else
            await AnsiConsole.Live(Table(replicas))
                .StartAsync(live => EverySecondAsync(count, () => live.UpdateTarget(Table(replicas)), cancel));
    }

    private static Task PrintAsync(SortedDictionary<string, (Figures, long)> replicas, int? count, CancellationToken cancel) =>
        EverySecondAsync(count, () =>
        {
            foreach (var row in Rows(replicas)) Console.WriteLine(string.Join('\t', row));
        }, cancel);

    private static async Task EverySecondAsync(int? count, Action show, CancellationToken cancel)
    {
        for (var i = 0; count == null || i < count; i++)
        {
            await Task.Delay(TimeSpan.FromSeconds(1), cancel);
            show();
        }
    }

    private static Table Table(SortedDictionary<string, (Figures, long)> replicas)
    {
        var table = new Table().Border(TableBorder.Rounded).Title("gateway");
        string[] names = ["replica", "raw", "SignalR", "rooms", "in/s", "out/s", "deliveries/s", "dropped", "CPU %", "MB", "up"];
        foreach (var name in names)
            table.AddColumn(new TableColumn(name) { Alignment = name == "replica" ? Justify.Left : Justify.Right });
        foreach (var row in Rows(replicas)) table.AddRow([.. row.Select(Markup.Escape)]);
        return table;
    }

    private static List<string[]> Rows(SortedDictionary<string, (Figures Figures, long At)> replicas)
    {
        lock (replicas)
        {
            return [
                .. replicas.Values.Where(one => Environment.TickCount64 - one.At < Silent.TotalMilliseconds)
                    .Select(one => one.Figures)
                    .Select(f => new[]

            {
                f.Replica, Text(f.Connections.Raw), Text(f.Connections.Signalr), Text(f.Rooms), Text(f.MessagesInPerSecond),
                Text(f.MessagesOutPerSecond), Text(f.DeliveriesPerSecond), Text(f.Dropped),
                Text(f.CpuPercent), Text(f.MemoryBytes / 1_000_000), TimeSpan.FromSeconds((long)f.UptimeSeconds).ToString(),
            })];
        }
    }

    private static string Text(double number) => number.ToString("#,0.#", CultureInfo.InvariantCulture);
}
