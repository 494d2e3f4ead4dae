using System.Collections.Concurrent;
using Gateway.Core.Connections;

namespace Gateway.Core.Limits;

/// <summary>The budgets of a gateway that has one replica: a sliding window for each user who has sent something lately.</summary>
public sealed class InProcessUserBudgets : IUserBudgets, IDisposable
{
    private readonly ConcurrentDictionary<string, Budget> _budgets = new(StringComparer.Ordinal);
    private readonly int _messages;
    private readonly TimeSpan _window;
    private readonly TimeProvider _time;
    private readonly ITimer _sweep;

    public InProcessUserBudgets(int messages, TimeSpan window, TimeProvider time)
    {
        (_messages, _window, _time) = (messages, window, time);
        _sweep = time.CreateTimer(static budgets => ((InProcessUserBudgets)budgets!).Sweep(), this, window, window);
    }

    public void Expect(string userId)
    {
    }

    public bool TryTake(string userId, out TimeSpan retryAfter)
    {
        while (true)
        {
            var budget = _budgets.GetOrAdd(userId, static _ => new Budget());
            lock (budget)
            {
                if (budget.IsForgotten) continue;
                budget.UsedAt = _time.GetTimestamp();
                return budget.Sent.TryAdd(_messages, _window, _time, out retryAfter);
            }
        }
    }

    public void Dispose() => _sweep.Dispose();

    /// <summary>Whoever has been silent for two windows has all of its budget: nothing has to be kept.</summary>
    private void Sweep()
    {
        foreach (var (userId, budget) in _budgets)
        {
            lock (budget)
            {
                if (_time.GetElapsedTime(budget.UsedAt) < 2 * _window) continue;
                budget.IsForgotten = true;
                _budgets.TryRemove(userId, out _);
            }
        }
    }

    /// <summary>Guarded by itself.</summary>
    private sealed class Budget
    {
        public SlidingWindow Sent;
        public long UsedAt;
        public bool IsForgotten;
    }
}
