using System.Globalization;

namespace Gateway.AspNetCore.SignalR;

/// <summary>One sequence for all hubs: by the id alone the framework asks what an answer is to be.</summary>
internal sealed class InvocationIds
{
    private long _last;

    public string Next() => "r" + Interlocked.Increment(ref _last).ToString(CultureInfo.InvariantCulture);
}
