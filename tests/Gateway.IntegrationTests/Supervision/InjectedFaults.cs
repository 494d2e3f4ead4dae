using System.Collections.Concurrent;
using System.Net.WebSockets;
using Gateway.Core.Broadcast;
using Gateway.Core.Supervision;
using Gateway.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.IntegrationTests.Supervision;

/// <summary>Makes the first step of every loop of a gateway fail, and sees which loops take another step after that.</summary>
internal sealed class InjectedFaults
{
    private readonly ConcurrentDictionary<string, int> _steps = new(StringComparer.Ordinal);
    private Supervisor? _supervisor;

    /// <summary>To be given to the gateway as its <c>map</c>: before it starts.</summary>
    public void Arm(WebApplication app)
    {
        _supervisor = app.Services.GetRequiredService<Supervisor>();
        _supervisor.FailPoint = loop =>
        {
            if (_steps.AddOrUpdate(loop, 1, static (_, steps) => steps + 1) == 1)
                throw new InvalidOperationException("injected into " + loop);
        };
    }

    public bool HasGoneOn(string loop) => _steps.GetValueOrDefault(loop) >= 2;

    /// <summary>The loops that have not gone on yet.</summary>
    private IEnumerable<string> Waiting => _supervisor!.Names.Where(loop => !HasGoneOn(loop)).Order(StringComparer.Ordinal);

    /// <summary>Makes traffic until every loop has had its fault and has gone on.</summary>
    public async Task HaveAllGoneOnAsync(IEnumerable<string> loops, Func<Task> traffic)
    {
        var end = DateTime.UtcNow + TimeSpan.FromSeconds(60);
        while (Waiting.Any())
        {
            Assert.True(DateTime.UtcNow < end, "these have not gone on: " + string.Join(", ", Waiting));
            try
            {
                await traffic();
            }
            catch (Exception hit) when (
                hit is GatewayError or IOException or InvalidOperationException or TimeoutException or WebSocketException
                    or BackplaneException)
            {
                // By an injected fault: tried again.
            }
        }
        Assert.Equal(loops.Order(StringComparer.Ordinal), _supervisor!.Names.Order(StringComparer.Ordinal));
    }
}

/// <summary>What is done every few seconds or minutes is done every few milliseconds.</summary>
internal sealed class HastyTime : TimeProvider
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(50);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        period > Long ? System.CreateTimer(callback, state, Short, Short) : System.CreateTimer(callback, state, dueTime, period);
}
