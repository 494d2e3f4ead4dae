using System.Text.Json;

namespace Gateway.Core.Tests.Connections;

/// <summary>What a client reads from <c>{"type":"system","payload":{"event":"gap",…}}</c>.</summary>
internal sealed record GapNotice(string? Room, long Missed, long From, long To)
{
    public static GapNotice? TryRead(string text)
    {
        if (!text.StartsWith("{\"type\":\"system\",\"payload\":{\"event\":\"gap\"", StringComparison.Ordinal)) return null;
        using var document = JsonDocument.Parse(text);
        var gap = document.RootElement.GetProperty("payload");
        return new GapNotice(
            gap.TryGetProperty("room", out var room) ? room.GetString() : null,
            gap.GetProperty("missed").GetInt64(),
            gap.TryGetProperty("from", out var from) ? from.GetInt64() : 0,
            gap.TryGetProperty("to", out var to) ? to.GetInt64() : 0);
    }

    public override string ToString() => From == 0 ? $"gap {Room} {Missed}" : $"gap {Room} {Missed} {From}-{To}";
}
