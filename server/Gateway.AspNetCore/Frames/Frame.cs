using System.Text;

namespace Gateway.AspNetCore.Frames;

/// <summary>Specifies the kind of a frame.</summary>
public enum FrameKind : byte
{
    /// <summary>Text in UTF-8. The gateway has validated text that comes from a client.</summary>
    Text = 1,

    /// <summary>Binary data.</summary>
    Binary = 2,
}

/// <summary>One complete WebSocket message.</summary>
/// <remarks>
/// A handler may keep and change the data of a frame that it reads. It must not change the data of a frame after it has written it.
/// </remarks>
/// <param name="Kind">Whether the data is text or binary.</param>
/// <param name="Data">The payload of the message.</param>
public readonly record struct Frame(FrameKind Kind, ReadOnlyMemory<byte> Data)
{
    /// <summary>Creates a text frame.</summary>
    public static Frame Text(string text) => new(FrameKind.Text, Encoding.UTF8.GetBytes(text));

    /// <summary>Creates a binary frame.</summary>
    public static Frame Binary(ReadOnlyMemory<byte> data) => new(FrameKind.Binary, data);

    /// <summary>Returns the data as text.</summary>
    public override string ToString() => Encoding.UTF8.GetString(Data.Span);
}
