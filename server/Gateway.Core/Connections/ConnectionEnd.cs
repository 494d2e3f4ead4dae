using System.Globalization;
using System.Text;

namespace Gateway.Core.Connections;

/// <summary>How a connection ended.</summary>
/// <param name="Reason">The cause.</param>
/// <param name="Code">The client's close code; 0 if it sent none.</param>
/// <param name="Text">The client's reason, safe to log.</param>
public sealed record ConnectionEnd(DisconnectReason Reason, int Code = 0, string Text = "")
{
    internal static ConnectionEnd Aborted { get; } = new(DisconnectReason.Aborted);

    /// <summary>The client sent a close frame.</summary>
    /// <param name="code">The client's close code.</param>
    /// <param name="text">The client's reason, unchecked.</param>
    internal static ConnectionEnd ByClient(int code, string? text) => new(DisconnectReasons.OfClient(code), code, Printable(text ?? ""));

    /// <summary>Replaces control and invisible characters with question marks. RFC 6455 allows 123 bytes.</summary>
    private static string Printable(string text)
    {
        var printed = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            var isSafe = Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control or UnicodeCategory.Format
                or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.OtherNotAssigned
                or UnicodeCategory.PrivateUse);
            printed.Append(isSafe ? rune.ToString() : "?");
        }
        return printed.ToString();
    }
}
