using Gateway.AspNetCore.Admin;
using Gateway.AspNetCore.Options;
using Gateway.Core.Configuration;
using Gateway.Redis.Options;

namespace Gateway.Configuration;

/// <summary>
/// Every key of the program and its allowed values. Tests hold it against config/gateway.yaml and <see cref="ProgramOptions"/>.
/// </summary>
internal static class ProgramSchema
{
    private static readonly Value<bool> Flag = Values.Flag;
    private static readonly Value<int> Port = Values.Whole(0, 65535);

    private static readonly Section<ProgramServerOptions> Server = new()
    {
        { o => o.Host, TextRules.ListenAddress },
        { o => o.Port, Port },
        {
            o => o.Tls, new Section<TlsOptions>
            {
                { o => o.Enabled, Flag },
                { o => o.CertFile, TextRules.Anything },
                { o => o.KeyFile, TextRules.Anything },
            }
        },
        { o => o.ShutdownTimeout, Values.Time(TimeSpan.Zero, TimeSpan.FromHours(1)) },
        { o => o.FirstRequestTimeout, Values.Time(TimeSpan.FromMilliseconds(100), TimeSpan.FromHours(1)) },
        { o => o.TcpUserTimeout, Values.Time(TimeSpan.FromSeconds(1), TimeSpan.FromHours(1)) },
        { o => o.Page, Flag },
        GatewaySchema.Server,
    };

    /// <summary>All keys. It must be initialized after the sections above.</summary>
    public static Section<ProgramOptions> Root { get; } = new()
    {
        { o => o.Server, Server },
        GatewaySchema.Root,
        {
            o => o.Metrics, new Section<MetricsPageOptions>
            {
                { o => o.Enabled, Flag },
                { o => o.Host, TextRules.ListenAddress },
                { o => o.Port, Port },
            }
        },
        { o => o.Redis, new Section<ProgramRedisOptions> { { o => o.Enabled, Flag }, RedisSchema.Redis } },
        { o => o.Logging, new Section<LoggingOptions> { { o => o.Level, Values.Choice<LogLevel>() } } },
        {
            o => o.Admin, new Section<ProgramAdminOptions>
            {
                AdminSchema.Admin,
                { o => o.Host, TextRules.ListenAddress },
                { o => o.Port, Port },
            }
        },
    };
}
