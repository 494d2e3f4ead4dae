using System.Globalization;
using Gateway.Core.Messages;

namespace Gateway.AspNetCore.Hubs;

/// <summary>
/// Translates what SignalR tells a client about a failed call. SignalR puts a sentence in front that names the method. The text of a
/// <c>HubException</c> follows it; of any other exception nothing does, unless the hub has <c>EnableDetailedErrors</c>. The tests compare
/// these sentences with the framework's.
/// </summary>
internal static class RawHubErrors
{
    private const string HubException = "HubException";

    private static readonly string[] Sentences =
    [
        "' on the server.", // An unexpected error occurred invoking 'M' on the server.
        "' due to an error on the server.", // Failed to invoke 'M' due to an error on the server.
        "An error occurred on the server while streaming results.",
    ];

    public static Error Read(string text, bool detailedErrors)
    {
        foreach (var sentence in Sentences)
        {
            var at = text.IndexOf(sentence, StringComparison.Ordinal);
            if (at < 0) continue;
            var rest = text.AsSpan(at + sentence.Length);
            if (rest.IsEmpty) return Error.Internal;
            var colon = rest.IndexOf(": ");
            if (colon < 0) continue;
            // Without details only a HubException, or one derived from it, has a text.
            if (detailedErrors && !rest[..colon].Trim().SequenceEqual(HubException)) return new Error(Error.Internal.Code, text);
            return Coded(rest[(colon + 2)..].ToString());
        }
        if (text.EndsWith("because user is unauthorized", StringComparison.Ordinal))
            return Error.Forbidden("not allowed to call this method");
        return text.StartsWith("Invocation ID ", StringComparison.Ordinal)
            ? new Error(409, "a stream with this id is running")
            : Error.BadRequest(text);
    }

    /// <summary>Reads <c>CODE: TEXT</c>, as <see cref="Error.ToString"/> writes it. Any other text has the code 400.</summary>
    public static Error Coded(string text) =>
        text.Length > 5 && text[3] == ':' && text[4] == ' '
            && int.TryParse(text.AsSpan(0, 3), NumberStyles.None, CultureInfo.InvariantCulture, out var code) && code is >= 400 and < 600
            ? new Error(code, text[5..])
            : Error.BadRequest(text);
}
