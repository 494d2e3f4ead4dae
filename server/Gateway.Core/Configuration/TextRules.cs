using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using Gateway.Core.Messages;

namespace Gateway.Core.Configuration;

/// <summary>The rules for addresses, paths, origins and names.</summary>
internal static partial class TextRules
{
    public static Value<string> Anything { get; } = Values.Text("a text", _ => true);

    /// <summary>Host names are not allowed, because Kestrel would listen on every address for them.</summary>
    public static Value<string> ListenAddress { get; } = Values.Text("an IP address or localhost", IsListenAddress);

    public static Value<string> EndpointPath { get; } = Values.Text(
        "a path such as /ws: it begins with /, is not / alone, and has only letters, digits, - _ . ~ between single slashes",
        PathPattern());

    public static Value<string> Origin { get; } = Values.Text(
        "* or scheme://host[:port], such as https://example.com", text => text == "*" || IsOrigin(text));

    public static Value<string> RoomName { get; } = Values.Text(
        "a room name of 1 to 128 characters without white space, control characters or *", text => IsName(text) && !text.Contains('*'));

    public static Value<string> RoomPattern { get; } = Values.Text(
        "a room name of 1 to 128 characters without white space or control characters, where * stands for any text", IsName);

    private static string BuiltInTypes => string.Join(", ", MessageType.ClientTypes.Concat(MessageType.ServerTypes));

    public static Value<string> CustomType { get; } = Values.Text(
        $"1 to 64 of A-Z a-z 0-9 _ . -, and none of the built-in types {BuiltInTypes}",
        text => CustomTypePattern().IsMatch(text) && MessageType.FindBuiltIn(text) == null);

    public static Value<string> HubName { get; } = Values.Text("1 to 32 of a-z 0-9 _ - and not negotiate", IsHubName);

    public static Value<string> HubNameOrNone { get; } = Values.Text(
        "the name of a hub, or nothing for the default one", text => text.Length == 0 || IsHubName(text));

    /// <summary>Returns whether a name fits in paths, keys and labels. The excluded names are endpoints below the hub's path.</summary>
    public static bool IsHubName(string text) => HubNamePattern().IsMatch(text) && text is not ("negotiate" or "handover" or "forwarded");

    public static Value<string> ReplicaAddress { get; } = Values.Text(
        "nothing, or http:// or https://, a host and a port, such as http://10.0.0.5:8080",
        text => text.Length == 0 || IsReplicaAddress(text));

    public static Value<string> TokenKey { get; } = Values.Text(
        $"a text of at least {MinTokenKeyBytes} bytes", text => Encoding.UTF8.GetByteCount(text) >= MinTokenKeyBytes).Secret();

    /// <summary>The minimum length of a token key in bytes: that of its signatures.</summary>
    public const int MinTokenKeyBytes = 32;

    /// <summary>Host names are not allowed, because whoever controls the DNS name would be trusted.</summary>
    public static Value<string> Network { get; } = Values.Text(
        "an IP address such as 10.0.0.5, or a network such as 10.0.0.0/8", text => Networks.TryRead(text, out _));

    private static bool IsReplicaAddress(string text) =>
        IsOrigin(text) && Uri.TryCreate(text, UriKind.Absolute, out var uri)
            && (uri.Scheme == Uri.UriSchemeHttp || uri.Scheme == Uri.UriSchemeHttps);

    public static Value<string> Role { get; } = Values.Text("a role of 1 to 128 characters", text => text.Length is > 0 and <= 128);

    /// <summary>An API key is sent in a header, so only visible ASCII is allowed.</summary>
    public static Value<string> ApiKey { get; } = Values.Text(
        "16 to 256 visible ASCII characters", text => text.Length is >= 16 and <= 256 && text.All(c => c is > ' ' and < '\x7f')).Secret();

    public static bool IsName(string text) =>
        text.Length is > 0 and <= 128 && NameText.IsVisible(text, allowSpaces: false) && NameText.Normalize(text) == text;

    // IPAddress also accepts "80" and "1.2", which are mistakes.
    private static bool IsListenAddress(string text) =>
        text == "localhost" || (IPAddress.TryParse(text, out _) && (text.Contains(':') || text.Count(character => character == '.') == 3));

    private static bool IsOrigin(string text) =>
        OriginPattern().Match(text) is { Success: true } match
        && (!match.Groups["port"].Success || int.Parse(match.Groups["port"].ValueSpan) is > 0 and <= 65535);

    [GeneratedRegex(@"^(/[A-Za-z0-9_.~-]+)+\z", RegexOptions.CultureInvariant)]
    private static partial Regex PathPattern();

    [GeneratedRegex(@"^[a-z][a-z0-9+.-]*://(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.-]+)(:(?<port>[0-9]{1,5}))?\z", RegexOptions.CultureInvariant)]
    private static partial Regex OriginPattern();

    [GeneratedRegex(@"^[a-z0-9_-]{1,32}\z", RegexOptions.CultureInvariant)]
    private static partial Regex HubNamePattern();

    [GeneratedRegex(@"^[A-Za-z0-9_.-]{1,64}\z", RegexOptions.CultureInvariant)]
    private static partial Regex CustomTypePattern();
}
