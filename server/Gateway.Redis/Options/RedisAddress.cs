using System.Globalization;
using System.Text.RegularExpressions;

namespace Gateway.Redis.Options;

/// <summary>
/// An element of <c>redis.connection</c>, in one of two forms:
/// <code>
/// HOST[:PORT][,HOST[:PORT]…][,OPTION=VALUE…]          in any order
/// redis[s]://[:PASSWORD@]HOST[:PORT][/DATABASE]       a URL, with TLS for rediss
/// </code>
/// In a URL the password is percent-encoded, so it may contain a comma.
/// </summary>
internal sealed partial record RedisAddress(IReadOnlyList<string> Endpoints, IReadOnlyList<KeyValuePair<string, string>> Options)
{
    public const string Allowed =
        "host:port, followed by options after commas such as password=…, ssl=true, connectTimeout=3000, defaultDatabase=1; "
        + "or redis://:password@host:port/database, rediss:// for TLS";

    private const string Redacted = "***";
    private const int DefaultPort = 6379;

    /// <summary>The options, each with a check that returns what is wrong with a value.</summary>
    private static readonly Dictionary<string, Func<string, string?>> Known = new(StringComparer.OrdinalIgnoreCase)
    {
        ["password"] = static _ => null,
        ["ssl"] = Flag,
        ["sslHost"] = Text,
        ["name"] = Text,
        ["connectTimeout"] = static text => Number(text, 100, 60_000),
        ["connectRetry"] = static text => Number(text, 1, 100),
        ["syncTimeout"] = static text => Number(text, 100, 60_000),
        ["responseTimeout"] = static text => Number(text, 100, 60_000),
        ["keepAlive"] = static text => Number(text, 1, 3600),
        ["configCheckSeconds"] = static text => Number(text, 1, 3600),
        ["defaultDatabase"] = static text => Number(text, 0, 65_535),
        ["writeBuffer"] = static text => Number(text, 1024, 1_048_576),
        ["resolveDns"] = Flag,
        ["abortConnect"] = Flag,
        ["allowAdmin"] = Flag,
        ["version"] = static text => Version.TryParse(text, out _) ? null : "is not a version such as 6.2",
        ["tiebreaker"] = static _ => null,
        ["configChannel"] = static _ => null,
        ["user"] = static _ => UsersNotSupported,
        ["username"] = static _ => UsersNotSupported,
    };

    private const string UsersNotSupported =
        "is not supported: this build's Redis client authenticates with a password alone. "
        + "Give the rights to Redis's user \"default\", or run a Redis with a password for the gateway alone";

    /// <returns>What is wrong with the text, without any secret; <c>null</c> if it is valid.</returns>
    public static string? TryRead(string text, out RedisAddress address)
    {
        address = new RedisAddress([], []);
        if (string.IsNullOrWhiteSpace(text)) return "is empty";
        return IsUrl(text) ? TryReadUrl(text.Trim(), ref address) : TryReadList(text, ref address);
    }

    /// <summary>The text for display, without secrets; an invalid text is redacted as a whole.</summary>
    public static string Redact(string text) => TryRead(text, out var address) is null ? address.ToString() : Redacted;

    /// <summary>An invalid text for display. The part after a password is redacted too, because a password may contain a comma.</summary>
    public static string RedactInvalid(string text)
    {
        if (IsUrl(text)) return $"{text[..text.IndexOf("://", StringComparison.Ordinal)]}://{Redacted}";
        var parts = text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return string.Join(',', parts.Select((part, i) => i > 0 && IsSecret(KeyOf(parts[i - 1])) ? Redacted : RedactPart(part)));
    }

    public string? this[string option] => Options.LastOrDefault(o => o.Key.Equals(option, StringComparison.OrdinalIgnoreCase)).Value;

    public override string ToString() =>
        string.Join(',', [.. Endpoints, .. Options.Select(o => IsSecret(o.Key) ? $"{o.Key}={Redacted}" : $"{o.Key}={o.Value}")]);

    private static bool IsUrl(string text) => UrlStart().IsMatch(text);

    private static string KeyOf(string part) => part.Split('=', 2) is [var key, _] ? key.Trim() : "";

    private static string RedactPart(string part)
    {
        var key = KeyOf(part);
        if (key.Length > 0) return !Known.ContainsKey(key) ? $"…={Redacted}" : IsSecret(key) ? $"{key}={Redacted}" : part;
        return EndpointPattern().IsMatch(part) ? part : Redacted;
    }

    [GeneratedRegex(@"^\s*[A-Za-z][A-Za-z0-9+.-]*://", RegexOptions.CultureInvariant)]
    private static partial Regex UrlStart();

    [GeneratedRegex(@"^[A-Za-z0-9_.-]+:-?[0-9]{1,9}\z", RegexOptions.CultureInvariant)]
    private static partial Regex EndpointPattern();

    private static bool IsSecret(string option) => option.Equals("password", StringComparison.OrdinalIgnoreCase);

    private static string? TryReadList(string text, ref RedisAddress address)
    {
        var endpoints = new List<string>();
        var options = new List<KeyValuePair<string, string>>();
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var at = part.IndexOf('=', StringComparison.Ordinal);
            if (at < 0)
            {
                if (Endpoint(part) is { } fault) return fault;
                endpoints.Add(part);
                continue;
            }
            var (key, value) = (part[..at].Trim(), part[(at + 1)..].Trim());
            if (!Known.TryGetValue(key, out var check)) return $"has an unknown option; known options: {KnownOptions()}";
            if (check(value) is { } error) return $"has an option {key} that {error}";
            options.Add(new(key, value));
        }
        if (endpoints.Count == 0) return "names no server";
        address = new RedisAddress(endpoints, options);
        return null;
    }

    private static string? TryReadUrl(string text, ref RedisAddress address)
    {
        var scheme = text[..text.IndexOf("://", StringComparison.Ordinal)];
        if (scheme is not ("redis" or "rediss")) return "is a URL, but not redis:// or rediss://";
        // A password may contain an unescaped @, a host cannot.
        var rest = text[(scheme.Length + 3)..];
        var options = new List<KeyValuePair<string, string>>();
        if (scheme == "rediss") options.Add(new("ssl", "true"));
        if (rest.LastIndexOf('@') is >= 0 and var end)
        {
            var login = rest[..end].Split(':', 2);
            if (login.Length < 2) return "is a URL whose login is not :password@";
            if (login[0].Length > 0 && login[0] != "default") return "names a user, which " + UsersNotSupported;
            options.Add(new("password", Uri.UnescapeDataString(login[1])));
            rest = rest[(end + 1)..];
        }
        if (rest.IndexOfAny(['?', '#']) >= 0) return "is a URL with a query or a fragment, which is not supported";
        var parts = rest.Split('/', 2);
        if (parts is [_, { Length: > 0 } database])
        {
            if (Number(database, 0, 65_535) is { } error) return $"is a URL whose database {error}";
            options.Add(new("defaultDatabase", database));
        }
        if (Endpoint(parts[0]) is { } fault) return fault;
        address = new RedisAddress(
            [parts[0].LastIndexOf(':') > parts[0].LastIndexOf(']') ? parts[0] : $"{parts[0]}:{DefaultPort}"], options);
        return null;
    }

    private static string KnownOptions() =>
        string.Join(", ", Known.Where(option => option.Value("") != UsersNotSupported).Select(option => option.Key));

    /// <returns>What is wrong with the endpoint. The text itself is not shown: after a misplaced comma it may be part of a
    /// password.</returns>
    private static string? Endpoint(string text)
    {
        var colon = text.LastIndexOf(':');
        var hasPort = colon >= 0 && colon > text.LastIndexOf(']') && (text.IndexOf(':') == colon || text[0] == '[');
        if (hasPort && (Number(text[(colon + 1)..], 1, 65_535) is not null)) return "has a port that is not a whole number from 1 to 65535";
        var host = hasPort ? text[..colon] : text;
        return Uri.CheckHostName(host.Trim('[', ']')) == UriHostNameType.Unknown
            ? "names a server by something that is neither a host name nor an address" : null;
    }

    private static string? Flag(string text) => bool.TryParse(text, out _) ? null : "is not true or false";

    private static string? Text(string text) => text.Length > 0 ? null : "is empty";

    private static string? Number(string text, int min, int max) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= min && number <= max
            ? null : $"is not a whole number from {min} to {max}";
}
