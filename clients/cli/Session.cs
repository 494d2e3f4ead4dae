using Gateway.Client;

namespace Gateway.Cli;

internal static class ExitCodes
{
    public const int Failed = 1;
    public const int Mistyped = 2;
}

/// <summary>
/// Runs a command with a connection. An error becomes one line and an exit code; Ctrl+C ends the command without an error.
/// </summary>
internal sealed class Session(string url, GatewayClientOptions options)
{
    /// <summary>How long the first connection may take. It is short, because somebody waits at the terminal.</summary>
    private static readonly TimeSpan FirstConnect = TimeSpan.FromSeconds(10);

    public string Url => url;

    public GatewayClient Make(GatewayClientOptions? other = null) => new(url, other ?? options);

    /// <param name="work">The command, which gets a connected client.</param>
    public async Task<int> RunAsync(Func<GatewayClient, CancellationToken, Task> work, CancellationToken cancel)
    {
        try
        {
            await using var client = Make();
            await ConnectAsync(client, cancel);
            await work(client, cancel);
            return 0;
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            return 0;
        }
        catch (GatewayException fault)
        {
            Console.Error.WriteLine(fault.Message);
            return ExitCodes.Failed;
        }
        catch (ArgumentException fault)
        {
            Console.Error.WriteLine(fault.Message.Split(" (Parameter")[0]);
            return ExitCodes.Mistyped;
        }
    }

    public static async Task ConnectAsync(GatewayClient client, CancellationToken cancel)
    {
        var open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        GatewayException? last = null;
        client.StateChanged += change =>
        {
            last = change.Error ?? last;
            if (change.State == ClientState.Open) open.TrySetResult();
            else if (change.State == ClientState.Closed)
                open.TrySetException(new GatewayException(GatewayErrors.Closed, $"not connected: {change.Error?.Message ?? "closed"}"));
            else if (change.Delay != null && !Console.IsErrorRedirected) Console.Error.WriteLine($"{change.Error?.Message}; trying again");
        };
        client.Start();
        try
        {
            await open.Task.WaitAsync(FirstConnect, cancel);
        }
        catch (TimeoutException)
        {
            throw new GatewayException(GatewayErrors.Timeout, $"not connected: {last?.Message ?? "no answer"}");
        }
    }
}
