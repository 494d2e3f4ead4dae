using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Gateway.Client.Wire;

/// <summary>
/// Reads what the gateway has answered. Whatever is in it, the worst that can happen is a <see cref="GatewayException"/> for whoever asked.
/// </summary>
internal static class Answers
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromMilliseconds(int.MaxValue);

    /// <exception cref="GatewayException">The answer is not of this shape.</exception>
    public static T Read<T>(JsonElement answer, JsonTypeInfo<T> type, string command)
        where T : class
    {
        try
        {
            if (answer.ValueKind == JsonValueKind.Object && answer.Deserialize(type) is { } read) return read;
        }
        catch (Exception malformed) when (malformed is JsonException or InvalidOperationException)
        {
            // It is told below.
        }
        throw new GatewayException(GatewayErrors.MalformedMessage, $"the answer to {command} is malformed");
    }

    /// <summary>The <c>error</c> that answers a command, whatever is in it.</summary>
    public static GatewayException ErrorOf(JsonElement payload)
    {
        try
        {
            if (payload.ValueKind == JsonValueKind.Object
                && payload.TryGetProperty("code", out var code) && code.ValueKind == JsonValueKind.Number
                && Place.Text(payload, "message") is { } text)
            {
                double? wait = payload.TryGetProperty("retry_after_ms", out var ms) && ms.ValueKind == JsonValueKind.Number
                    && ms.TryGetDouble(out var number)
                    ? number
                    : null;
                return new GatewayException(code.GetRawText(), $"{code.GetRawText()}: {text}", wait is { } given ? Wait(given) : null);
            }
        }
        catch (InvalidOperationException)
        {
            // No Unicode.
        }
        return new GatewayException(GatewayErrors.MalformedMessage, "the command was refused with a malformed error");
    }

    /// <summary>A time that a timer can wait for; <c>null</c> if it is none.</summary>
    public static TimeSpan? Wait(double milliseconds) =>
        milliseconds >= 0 ? milliseconds < LongestWait.TotalMilliseconds ? TimeSpan.FromMilliseconds(milliseconds) : LongestWait : null;
}
