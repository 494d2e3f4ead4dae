using System.Globalization;
using System.Text;

namespace Gateway.Core.Connections;

/// <summary>How a connection ended. Whoever notes it first decides.</summary>
/// <param name="Code">The close code that the client sent; 0 for none.</param>
/// <param name="Text">The reason that the client sent with it, as it may stand in a log.</param>
internal sealed record ConnectionEnd(DisconnectReason Reason, int Code = 0, string Text = "")
{
    public static ConnectionEnd Aborted { get; } = new(DisconnectReason.Aborted);

    /// <summary>The client sent a close frame.</summary>
    /// <param name="text">Whatever the client wrote there.</param>
    public static ConnectionEnd ByClient(int code, string? text) => new(DisconnectReasons.OfClient(code), code, Printable(text ?? ""));

    /// <summary>In one line: control and invisible characters become question marks. RFC 6455 allows 123 bytes.</summary>
    private static string Printable(string text)
    {
        var printed = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            var isSafe = Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator
                or UnicodeCategory.ParagraphSeparator or UnicodeCategory.OtherNotAssigned or UnicodeCategory.PrivateUse);
            printed.Append(isSafe ? rune.ToString() : "?");
        }
        return printed.ToString();
    }
}
