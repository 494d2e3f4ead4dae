using Xunit;

namespace Gateway.Tests.Configuration;

public sealed class FaultTests : IDisposable
{
    private readonly ConfigurationFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void EveryFaultOfEverySourceIsReportedAtOnceWithItsPlace()
    {
        var errors = _folder.Errors(
            """
            server:
              port: 99999
              prot: 1
            outbox: { on_full: panic }
            raw: { path: ws, pong_wait: 1s }
            """,
            ["--metrics:port=x", "--metrics:prt=1"],
            ("GATEWAY_RAW__MAX_MESSAGE_BYTES", "1"),
            ("GATEWAY_SERVER_PORT", "8081"));

        Assert.Equal(
            [
                "server.port: \"99999\" is not allowed; allowed: a whole number from 0 to 65535 (config/gateway.yaml:2)",
                "server.prot: unknown key; did you mean server.port? (config/gateway.yaml:3)",
                "outbox.on_full: \"panic\" is not allowed; allowed: disconnect, drop_oldest, drop_newest, latest (config/gateway.yaml:4)",
                "raw.path: \"ws\" is not allowed; allowed: a path such as /ws: it begins with /, is not / alone, "
                    + "and has only letters, digits, - _ . ~ between single slashes (config/gateway.yaml:5)",
                "raw.max_message_bytes: \"1\" is not allowed; allowed: a whole number from 128 to 16777216 "
                    + "(environment GATEWAY_RAW__MAX_MESSAGE_BYTES)",
                "server_port: unknown key; did you mean GATEWAY_SERVER__PORT? (environment GATEWAY_SERVER_PORT)",
                "metrics.port: \"x\" is not allowed; allowed: a whole number from 0 to 65535 (command line)",
                "metrics.prt: unknown key; did you mean --metrics:port? (command line)",
                "raw.pong_wait: 1s is not allowed; allowed: more than raw.ping_period, which is 54s (default) (config/gateway.yaml:5)",
            ],
            errors);
    }

    [Theory]
    [InlineData("Welcome"), InlineData("SYSTEM"), InlineData("Chat"), InlineData("ac\u212a")]
    public void CustomTypeIsNoneOfTheGatewaysInWhateverCase(string type) =>
        Assert.Contains(
            "is not allowed",
            Assert.Single(_folder.Errors($"messages: {{ custom: {{ {type}: {{ publish: members }} }} }}")),
            StringComparison.Ordinal);

    [Fact]
    public void CustomTypesDifferByMoreThanCase() => Assert.Equal(
        ["messages.custom.Typing: equals messages.custom.typing but for case"],
        _folder.Errors("""
            messages:
              custom:
                typing: { publish: members }
                Typing: { publish: server }
            """).Select(error => error.Split(" (")[0]));

    [Theory]
    [InlineData("server: { port: -1 }", "server.port")]
    [InlineData("server: { port: 1.5 }", "server.port")]
    [InlineData("server: { port: }", "server.port")]
    [InlineData("server: { port: [1] }", "server.port")]
    [InlineData("server: { port: { a: 1 } }", "server.port")]
    [InlineData("server: { host: example.com }", "server.host")]
    [InlineData("server: { host: '80' }", "server.host")]
    [InlineData("server: { max_connections: -1 }", "server.max_connections")]
    [InlineData("server: { direct_socket: yes }", "server.direct_socket")]
    [InlineData("server: { allowed_origins: [example.com] }", "server.allowed_origins.0")]
    [InlineData("server: { allowed_origins: ['*', 'https://a/'] }", "server.allowed_origins.1")]
    [InlineData("server: { allowed_origins: ['http://a:0'] }", "server.allowed_origins.0")]
    [InlineData("server: { allowed_origins: ['http://a:65536'] }", "server.allowed_origins.0")]
    [InlineData("server: 8080", "server")]
    [InlineData("server: [port]", "server")]
    [InlineData("raw: { path: / }", "raw.path")]
    [InlineData("raw: { path: '/ws?a=b' }", "raw.path")]
    [InlineData("raw: { path: '/{id}' }", "raw.path")]
    [InlineData("raw: { path: \"/ws\\n\" }", "raw.path")]
    [InlineData("raw: { path: /HUB }", "raw.path")]
    [InlineData("raw: { path: /hub/negotiate }", "raw.path")]
    [InlineData("signalr: { path: hub }", "signalr.path")]
    [InlineData("signalr: { path: /ws }", "raw.path")]
    [InlineData("raw: { ping_period: 60s }", "raw.pong_wait")]
    [InlineData("raw: { write_wait: 0 }", "raw.write_wait")]
    [InlineData("outbox: { capacity: 0 }", "outbox.capacity")]
    [InlineData("outbox: { max_bytes: 1073741825 }", "outbox.max_bytes")]
    [InlineData("rooms: { auto_join: [''] }", "rooms.auto_join.0")]
    [InlineData("rooms: { auto_join: [a, 'b c'] }", "rooms.auto_join.1")]
    [InlineData("rooms: { auto_join: ['a*'] }", "rooms.auto_join.0")]
    [InlineData("rooms: { auto_join: [\"a\\u0007\"] }", "rooms.auto_join.0")]
    [InlineData("rooms: { auto_join: [[a]] }", "rooms.auto_join.0")]
    [InlineData("rooms: { auto_join: 'a,,b' }", "rooms.auto_join.1")]
    [InlineData("rooms: { max_per_connection: 1, auto_join: [a, b] }", "rooms.auto_join")]
    [InlineData("rooms: { max_per_connection: 0 }", "rooms.max_per_connection")]
    [InlineData("rooms: { defaults: { publish: all } }", "rooms.defaults.publish")]
    [InlineData("rooms: { policies: [{ publish: server }] }", "rooms.policies.0.match")]
    [InlineData("rooms: { policies: [lobby] }", "rooms.policies.0")]
    [InlineData("rooms: { policies: lobby }", "rooms.policies")]
    [InlineData("rooms: { policies: [{ match: a, echo: maybe }] }", "rooms.policies.0.echo")]
    [InlineData("messages: { custom: { chat: {} } }", "messages.custom.chat")]
    [InlineData("messages: { custom: { 'a b': {} } }", "messages.custom.a b")]
    [InlineData("messages: { custom: { typing: { publish: nobody } } }", "messages.custom.typing.publish")]
    [InlineData("messages: { custom: [typing] }", "messages.custom")]
    [InlineData("metrics_stream: { interval_ms: 49 }", "metrics_stream.interval_ms")]
    [InlineData("metrics: { port: 8080 }", "metrics.port")]
    [InlineData("redis: { prefix: 'a{b' }", "redis.prefix")]
    [InlineData("redis: { prefix: 'a b' }", "redis.prefix")]
    [InlineData("redis: { prefix: '' }", "redis.prefix")]
    [InlineData("redis: { connection: '' }", "redis.connection")]
    [InlineData("rate_limit: { messages: -1 }", "rate_limit.messages")]
    [InlineData("rate_limit: { window: 0 }", "rate_limit.window")]
    [InlineData("logging: { level: Information }", "logging.level")]
    [InlineData("logging: { level: 1 }", "logging.level")]
    public void WrongValueIsOneFaultOfItsKey(string yaml, string key) => Assert.StartsWith(key + ": ", Assert.Single(_folder.Errors(yaml)));

    [Fact]
    public void RoomNamesEndAt128Characters()
    {
        _folder.Options($"rooms: {{ auto_join: [{new string('a', 128)}] }}");
        Assert.StartsWith("rooms.auto_join.0: ", Assert.Single(_folder.Errors($"rooms: {{ auto_join: [{new string('a', 129)}] }}")));
    }

    [Theory]
    [InlineData("chat")]
    [InlineData("join")]
    [InlineData("leave")]
    [InlineData("presence")]
    [InlineData("direct")]
    [InlineData("history")]
    [InlineData("ping")]
    [InlineData("pong")]
    [InlineData("ack")]
    [InlineData("error")]
    [InlineData("welcome")]
    [InlineData("system")]
    [InlineData("metrics")]
    public void BuiltInTypeCannotBeDeclared(string type) =>
        Assert.Contains("none of the built-in types", Assert.Single(_folder.Errors($"messages: {{ custom: {{ {type}: {{}} }} }}")));

    [Theory]
    [InlineData("servr: { port: 1 }", "servr: unknown key; did you mean server? (config/gateway.yaml:1)")]
    [InlineData("port: 1", "port: unknown key; did you mean server.port? (config/gateway.yaml:1)")]
    [InlineData(
        "rooms:\n  policies:\n    - match: a\n      ecko: true",
        "rooms.policies.0.ecko: unknown key; did you mean rooms.policies.0.echo? (config/gateway.yaml:4)")]
    [InlineData("quite_something_else: 1", "quite_something_else: unknown key (config/gateway.yaml:1)")]
    public void UnknownKeySuggestsTheNearest(string yaml, string expected) => Assert.Equal([expected], _folder.Errors(yaml));

    [Fact]
    public void EachUnknownVariableAndOptionIsAFaultOfItsOwn() => Assert.Equal(
        [
            "servr.host: unknown key; did you mean GATEWAY_SERVER__HOST? (environment GATEWAY_SERVR__HOST)",
            "servr.port: unknown key; did you mean GATEWAY_SERVER__PORT? (environment GATEWAY_SERVR__PORT)",
            "server.tls.enable: unknown key; did you mean --server:tls:enabled? (command line)",
        ],
        _folder.Errors(null, ["--server:tls:enable=true"], ("GATEWAY_SERVR__PORT", "1"), ("GATEWAY_SERVR__HOST", "1")));

    [Theory]
    [InlineData("GATEWAY_SERVER", "")]
    [InlineData("GATEWAY_SERVER__PORT__X", "1")]
    [InlineData("GATEWAY_A__B__C__D__E__F__G__H__I__J", "1")]
    public void VariableThatIsNoKeyStopsTheStart(string variable, string value) =>
        Assert.Contains("environment " + variable, Assert.Single(_folder.Errors(null, [], (variable, value))));

    [Fact]
    public void ValueThatALaterSourceReplacesIsStillChecked() =>
        Assert.StartsWith("server.port: ", Assert.Single(_folder.Errors("server: { port: x }", ["--server:port=1"])));

    [Fact]
    public void RuleBetweenKeysIsSilentWhereAKeyCouldNotBeRead() =>
        Assert.StartsWith("raw.ping_period: ", Assert.Single(_folder.Errors("raw: { ping_period: often, pong_wait: 5s }")));

    [Fact]
    public void EqualPortsAreFineWhereBothAreFree() =>
        Assert.Equal(0, _folder.Options("server: { port: 0 }\nmetrics: { port: 0 }").Metrics.Port);

    [Fact]
    public void MetricsPortMattersOnlyWhereMetricsAreOn() =>
        Assert.False(_folder.Options("metrics: { enabled: false, port: 8080 }").Metrics.Enabled);

    [Theory]
    [InlineData("server:port=1", "command line: argument 1 is not an option; options are written --section:key=value")]
    [InlineData("--server:port", "server.port: needs a value: --server:port=value (command line)")]
    [InlineData("--server.port=1", "server.port: unknown key; did you mean --server:port? (command line)")]
    [InlineData("--config-file", "--config-file: needs the path of a YAML file (command line)")]
    public void MisspeltOptionIsExplained(string argument, string expected) => Assert.Equal([expected], _folder.Errors(null, [argument]));

    [Fact]
    public void ValueAndPartsOfTheSameKeyContradict() => Assert.Equal(
        ["rooms.auto_join.0: set both as one value and by parts (command line)"],
        _folder.Errors(null, ["--rooms:auto_join=a", "--rooms:auto_join:0=b"]));
}
