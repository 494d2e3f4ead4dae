namespace Gateway.Redis.Options;

/// <summary>Options of the Redis backplane.</summary>
public class RedisOptions
{
    /// <summary>
    /// The Redis servers. With several, each room lives on one of them; all replicas must have the same list. An element is
    /// <c>host:port</c>, followed by options after commas, or a URL such as <c>rediss://:password@host:6380</c>.
    /// The default is <c>localhost:6379</c>.
    /// </summary>
    public IList<string> Connection { get; set; } = ["localhost:6379"];

    /// <summary>How long a message waits for Redis before publishing fails: 10 ms to 1 h. The default is 5 s.</summary>
    public TimeSpan PublishTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>The maximum number of messages that wait for Redis: 1 to 10,000,000. The default is 10,000.</summary>
    public int MaxPending { get; set; } = 10_000;

    /// <summary>The prefix of every key and channel: 1 to 128 characters. The default is <c>gw</c>.</summary>
    public string Prefix { get; set; } = "gw";

    /// <summary>
    /// How long a replica may go without a heartbeat before it counts as dead and its members leave their rooms: 1 s to 1 h. The default is
    /// 10 s.
    /// </summary>
    public TimeSpan PresenceLease { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// The maximum size of the rooms' histories of one domain on one Redis server: 1,048,576 to 1,099,511,627,776 bytes. The default is 1
    /// GiB. Above it, the rooms that have been idle longest lose their histories.
    /// </summary>
    public long HistoryMaxBytes { get; set; } = 1_073_741_824;

    /// <summary>Options of a named domain. It shares the servers and has a prefix of its own that the default domain never uses.</summary>
    internal RedisOptions ForDomain(string name)
    {
        var options = (RedisOptions)MemberwiseClone();
        options.Prefix = $"{Prefix}:hub:{name}";
        return options;
    }
}
