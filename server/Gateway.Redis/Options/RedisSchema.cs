using Gateway.Core.Configuration;

namespace Gateway.Redis.Options;

/// <summary>The configuration keys of <c>redis</c>.</summary>
internal static class RedisSchema
{
    private static readonly Value<string> Prefix = Values.Text(
        "1 to 128 characters without white space, control characters, { or }",
        text => TextRules.IsName(text) && text.AsSpan().IndexOfAny('{', '}') < 0);

    private static readonly Value<string> Connection = Values.Text(RedisAddress.Allowed, text => RedisAddress.TryRead(text, out _) is null)
        .Secret(text => $"{Printable.Quoted(RedisAddress.RedactInvalid(text))} {RedisAddress.TryRead(text, out _)}");

    public static Section<RedisOptions> Redis { get; } = new()
    {
        { o => o.Connection, new OneOrMore<string>(Connection, () => "") },
        { o => o.PublishTimeout, Values.Time(TimeSpan.FromMilliseconds(10), TimeSpan.FromHours(1)) },
        { o => o.MaxPending, Values.Whole(1, 10_000_000) },
        { o => o.Prefix, Prefix },
        { o => o.PresenceLease, Values.Time(TimeSpan.FromSeconds(1), TimeSpan.FromHours(1)) },
        { o => o.HistoryMaxBytes, Values.Whole(1_048_576L, 1_099_511_627_776L) },
    };
}
