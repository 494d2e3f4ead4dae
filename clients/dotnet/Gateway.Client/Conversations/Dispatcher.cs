using System.Threading.Channels;

namespace Gateway.Client.Conversations;

/// <summary>Tells the application what happens, one thing after the other and in its order, without holding up whoever tells it.</summary>
internal sealed class Dispatcher
{
    private readonly Channel<Action> _waiting = Channel.CreateUnbounded<Action>(new UnboundedChannelOptions { SingleReader = true });
    private readonly int _max;
    private readonly Task _running;
    private int _count;
    private TaskCompletionSource? _ready;

    public Dispatcher(int max)
    {
        _max = max;
        _running = RunAsync();
    }

    /// <summary>A handler of the application's has failed. The others go on.</summary>
    public event Action<Exception>? Failed;

    public void Post(Action tell)
    {
        Interlocked.Increment(ref _count);
        if (!_waiting.Writer.TryWrite(tell)) Interlocked.Decrement(ref _count); // it is over
    }

    /// <summary>Completes when no more waits than may.</summary>
    public async ValueTask ReadyAsync(CancellationToken cancel)
    {
        while (Volatile.Read(ref _count) >= _max)
        {
            var ready = Interlocked.CompareExchange(ref _ready, null, null) ?? NewReady();
            if (Volatile.Read(ref _count) < _max) return;
            await ready.Task.WaitAsync(cancel).ConfigureAwait(false);
        }
    }

    /// <summary>After what waits.</summary>
    public Task EndAsync()
    {
        _waiting.Writer.TryComplete();
        return _running;
    }

    /// <summary>Calls a handler of the application's. Whatever it throws, the next one is called.</summary>
    public void Try(Action tell)
    {
        try
        {
            tell();
        }
        catch (Exception fault)
        {
            try
            {
                Failed?.Invoke(fault);
            }
            catch (Exception)
            {
                // Nobody is left to be told.
            }
        }
    }

    private TaskCompletionSource NewReady()
    {
        var made = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return Interlocked.CompareExchange(ref _ready, made, null) ?? made;
    }

    private async Task RunAsync()
    {
        await foreach (var tell in _waiting.Reader.ReadAllAsync().ConfigureAwait(false))
        {
            Try(tell);
            if (Interlocked.Decrement(ref _count) < _max) Interlocked.Exchange(ref _ready, null)?.TrySetResult();
        }
    }
}
