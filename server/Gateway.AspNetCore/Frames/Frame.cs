using System.Text;

namespace Gateway.AspNetCore.Frames;

public enum FrameKind : byte
{
    /// <summary>UTF-8; the gateway has checked that it is.</summary>
    Text = 1,
    Binary = 2,
}

/// <summary>
/// One WebSocket message, whole. What a handler reads is its own, to keep or to change. What it writes it gives away: those bytes are not
/// to be changed any more.
/// </summary>
public readonly record struct Frame(FrameKind Kind, ReadOnlyMemory<byte> Data)
{
    public static Frame Text(string text) => new(FrameKind.Text, Encoding.UTF8.GetBytes(text));

    public static Frame Binary(ReadOnlyMemory<byte> data) => new(FrameKind.Binary, data);

    /// <summary>The data as text.</summary>
    public override string ToString() => Encoding.UTF8.GetString(Data.Span);
}
