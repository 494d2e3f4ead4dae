using System.Text.Json;

namespace Gateway.Testing;

/// <summary>A test's client of either dialect: what one can do, the other can.</summary>
public interface IChatClient : IAsyncDisposable
{
    /// <summary>The payload of the welcome.</summary>
    JsonElement Welcome { get; }

    /// <summary>Sends a command and returns its result.</summary>
    /// <exception cref="GatewayError">It was refused.</exception>
    Task<JsonElement> RequestAsync(string type, object? payload);

    /// <summary>The next message of this type, its payload in exactly the bytes that came.</summary>
    Task<ReceivedMessage> NextAsync(string type, TimeSpan? limit = null);

    /// <summary>All messages that came so far, in their order.</summary>
    IReadOnlyList<ReceivedMessage> All { get; }

    /// <summary>Completes with code and reason when the connection is over; a reason of <c>null</c>: without a close frame.</summary>
    Task<(int Code, string? Reason)> Closed { get; }

    /// <summary>Goes without a word.</summary>
    void Abort();

    string UserId => Welcome.GetProperty("user_id").GetString()!;
    string ConnectionId => Welcome.GetProperty("connection_id").GetString()!;
}

/// <param name="Payload">UTF-8 JSON as it stood in the frame.</param>
public sealed record ReceivedMessage(string Type, ReadOnlyMemory<byte> Payload)
{
    public JsonElement Json { get; } = JsonDocument.Parse(Payload).RootElement;

    /// <summary>The id, as JSON, where the frame has one.</summary>
    public string? Id { get; init; }

    public string? Text(string property) => Json.TryGetProperty(property, out var value) ? value.GetString() : null;

    public override string ToString() => $"{Type} {Json.GetRawText()}";
}

public sealed class GatewayError(int code, string message) : Exception($"{code}: {message}")
{
    public int Code { get; } = code;
    public string Text { get; } = message;
}
