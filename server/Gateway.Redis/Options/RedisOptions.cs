namespace Gateway.Redis.Options;

/// <summary>How the replicas use Redis.</summary>
public class RedisOptions
{
    /// <summary>One server, or several that share the rooms.</summary>
    public IList<string> Connection { get; set; } = ["localhost:6379"];

    /// <summary>How long a message waits for Redis to take it; 10ms to 1h.</summary>
    public TimeSpan PublishTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Messages waiting for Redis, 1 to 10000000.</summary>
    public int MaxPending { get; set; } = 10_000;

    /// <summary>What every key and channel begins with.</summary>
    public string Prefix { get; set; } = "gw";

    /// <summary>After so long without a sign of life a replica is dead, and its members are gone.</summary>
    public TimeSpan PresenceLease { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>What the rooms of one hub may hold in one Redis server, 1048576 to 1099511627776 bytes.</summary>
    public long HistoryMaxBytes { get; set; } = 1_073_741_824;

    /// <summary>A named domain shares the servers and has keys and channels of its own: none of the default domain's begins like them.</summary>
    internal RedisOptions ForDomain(string name)
    {
        var options = (RedisOptions)MemberwiseClone();
        options.Prefix = $"{Prefix}:hub:{name}";
        return options;
    }
}
