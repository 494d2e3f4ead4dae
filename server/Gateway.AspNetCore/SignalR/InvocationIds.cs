using System.Globalization;

namespace Gateway.AspNetCore.SignalR;

/// <summary>
/// Generates invocation ids. All domains share one sequence, because the framework looks up the type of a result by the id alone.
/// </summary>
internal sealed class InvocationIds
{
    private long _last;

    public string Next() => "r" + Interlocked.Increment(ref _last).ToString(CultureInfo.InvariantCulture);
}
