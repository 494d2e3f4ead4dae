namespace Gateway.ChaosTests.Clients;

/// <summary>A place in a room.</summary>
internal sealed record Position(string Epoch, long Offset)
{
    public override string ToString() => $"{Epoch}:{Offset}";
}

/// <summary>
/// Names a message and says where it belongs: a sender numbers its messages 1, 2, 3 … and sends each when the one before is acknowledged.
/// </summary>
internal readonly record struct MessageId(string Sender, int Number)
{
    public static MessageId Parse(string text) =>
        text.LastIndexOf('-') is > 0 and var dash && int.TryParse(text.AsSpan(dash + 1), out var number)
            ? new MessageId(text[..dash], number)
            : throw new FormatException($"{text} is no id of ours");

    public override string ToString() => $"{Sender}-{Number}";
}

/// <summary>The gateway said that it has the message, and where.</summary>
internal sealed record Acknowledged(string Room, MessageId Id, long Offset);
