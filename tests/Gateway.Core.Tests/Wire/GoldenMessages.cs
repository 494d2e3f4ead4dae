using System.Text;
using Gateway.Core.Messages;
using Gateway.Core.Wire;

namespace Gateway.Core.Tests.Wire;

/// <summary>Every golden message that the server sends, made by the real writers from fixed values.</summary>
internal static class GoldenMessages
{
    private const string Ada = "Ada Lovelace";

    /// <summary>
    /// As a client may write it: some escapes are needed, some are not, and one character that could be written as it is comes as an
    /// escape.
    /// </summary>
    private const string Special = """
        "😀 \"quoted\" \\ <b>&amp;</b> 'single' Gr\u00fc\u00dfe 日本語 \/ tab\t line\n end"
        """;

    private static readonly DateTimeOffset At = new(2026, 2, 3, 4, 5, 6, 789, TimeSpan.Zero);

    /// <summary>Messages under the name of their golden file, each with the position that the backplane gave it.</summary>
    public static IReadOnlyDictionary<string, (Message Message, Position Position)> All { get; } =
        new Dictionary<string, (Message, Position)>
        {
            ["welcome"] =
            Plain(
                "welcome",
                Payloads.Welcome(
                    "c-1", "ada", Ada, null, "r1", [("lobby", new Position("0a1b2c3d", 41)), ("metrics", Position.None)], (2, 17))),
            ["welcome-no-rooms"] = Plain("welcome", Payloads.Welcome("c-1", "ada", Ada, null, "r1", [], (1, 1))),
            ["welcome-guest"] = Plain(
            "welcome", Payloads.Welcome("c-1", "guest-hY7qxswz2vG_ebk-", "Ann", "k7Qe0C2mT1x9aBcDeFgHiJ", "r1", [], (2, 17))),
            ["chat"] = Numbered(42, "chat", Payloads.Chat("lobby", "ada", Ada, "\"hello\""u8, At, null)),
            ["chat-message-id"] = Numbered(43, "chat", Payloads.Chat("lobby", "ada", Ada, "\"hello\""u8, At, "m-7")),
            ["chat-without-offset"] = Numbered(0, "chat", Payloads.Chat("lobby", "ada", Ada, "\"hello\""u8, At, null)),
            ["chat-special-characters"] = Numbered(44, "chat", Payloads.Chat("café", "ada", "Ada <\"'&> Λ",
            Encoding.UTF8.GetBytes(Special), At, null)),
            ["direct"] = Plain("direct", Payloads.Direct("bob", "ada", Ada, "\"psst\""u8, At, null)),
            ["direct-message-id"] = Plain("direct", Payloads.Direct("bob", "ada", Ada, "\"psst\""u8, At, "m-8")),
            ["metrics"] = Plain("metrics", Encoding.UTF8.GetBytes(
            """{"replica":"r1","cluster":{"replicas":2,"connections":17},"uptime_seconds":8.1,"connections":{"total":3,"raw":1"""
            + ""","signalr":2},"rooms":2,"messages_in_per_second":0,"messages_out_per_second":1,"deliveries_per_second":3,"dropped":0"""
            + ""","cpu_percent":12.5,"memory_bytes":95191040,"heap_bytes":9851272,"gc_pause_ms":0.25,"thread_pool_queue":0}""")),
            ["metrics-cluster"] = Plain("metrics", Encoding.UTF8.GetBytes(
            """{"cluster":{"replicas":2,"connections":17},"connections":{"total":17,"raw":9,"signalr":8,"frames":0}"""
            + ""","messages_in_per_second":12,"messages_out_per_second":24,"deliveries_per_second":204,"dropped":0}""")),
            ["system-join"] = Plain("system", Payloads.System("join", "team", "ada", Ada)),
            ["system-leave"] = Plain("system", Payloads.System("leave", "team", "ada", Ada)),
            ["system-presence-reset"] = Plain("system", Payloads.System("presence_reset", "team")),
            ["system-shutdown"] = Plain("system", Payloads.System("shutdown")),
            ["system-token-expiring"] = Plain("system", TokenPayloads.Expiring(At)),
            ["system-gap"] = Plain("system", Payloads.Gap("team", 3, 9, 11)),
            ["system-gap-without-offsets"] = Plain("system", Payloads.Gap(null, 2, 0, 0)),
            ["system-gap-epoch-changed"] = Plain("system", RoomPayloads.EpochChanged("team", 12, new Position("4e5f6a7b", 0))),
            ["system-muted"] = Numbered(14, "system", ModerationPayloads.Muted("bob", "team", At.AddMinutes(10))),
            ["system-muted-everywhere"] = Plain("system", ModerationPayloads.Muted("bob", null, At.AddMinutes(10))),
            ["system-unmuted"] = Numbered(15, "system", ModerationPayloads.Unmuted("bob", "team")),
            ["system-kicked"] = Plain("system", ModerationPayloads.Kicked("bob", null)),
            ["system-kicked-room"] = Numbered(16, "system", ModerationPayloads.Kicked("bob", "team")),
            ["presence-status"] = Plain("presence", PresencePayloads.Status("team", "ada", Ada, "away")),
            ["custom"] = Numbered(13, "cursor", """{"room":"team","x":1.5,"y":2}"""u8.ToArray()),
            ["custom-sender"] = (Numbered(17, "cursor", """{"room":"team","x":1.5,"y":2}"""u8.ToArray()) with
            {
                Item1 = new Message("cursor", """{"room":"team","x":1.5,"y":2}"""u8.ToArray())
                {
                    CarriesOffset = true,
                    Sender = new MessageSender("ada", Ada),
                }
            }),
            ["arguments-none"] = Arguments("refresh", "[]"),
            ["arguments-two"] = Arguments("moved", """["ada",{"x":1}]"""),
        };

    /// <summary>Results under the name of their golden file: an ack where that has an id, else an envelope of the file's type.</summary>
    public static IReadOnlyDictionary<string, ReadOnlyMemory<byte>> Results { get; } = new Dictionary<string, ReadOnlyMemory<byte>>
    {
        ["ack-string-id"] = Payloads.Published(new Position("0a1b2c3d", 42)),
        ["ack-number-id"] = Payloads.Empty,
        ["ack-joined"] = RoomPayloads.Joined("team", new Position("0a1b2c3d", 6)),
        ["ack-joined-recovered"] = RoomPayloads.Joined("team", new Position("0a1b2c3d", 9), 3),
        ["ack-joined-not-recovered"] = RoomPayloads.Joined("team", new Position("0a1b2c3d", 9), 0, "history too short"),
        ["ack-joined-without-offsets"] = RoomPayloads.Joined("metrics", Position.None),
        ["ack-direct"] = Payloads.Delivered(3),
        ["ack-refreshed"] = TokenPayloads.Refreshed(At, []),
        ["ack-refreshed-left"] = TokenPayloads.Refreshed(At, ["orders.eu"]),
        ["ack-left"] = Payloads.Left("team"),
        ["ack-muted"] = ModerationPayloads.Restriction("bob", "team", At.AddMinutes(10)),
        ["ack-banned"] = ModerationPayloads.Restriction("bob", null, null),
        ["ack-kicked"] = ModerationPayloads.KickedCount(2),
        ["presence-counts"] = PresencePayloads.Counts(
            "team",
            [new PresenceMember("ada", Ada, "web", "online", At, 2), new PresenceMember("bob", "Bob", null, "away", At, 1)]),
        ["presence-page"] = PresencePayloads.Members(
            "team", 3, [new PresenceMember("ada", Ada, "web", "online", At, 2)], "639056883067890000.ada"),
        ["presence-list"] = PresencePayloads.Members("team", 3,
        [
            new PresenceMember("ada", Ada, "web", "online", At, 2),
            new PresenceMember("bob", "Bob", null, "away", At, 1),
            new PresenceMember("cyd", "Cyd", null, "online", At, 0),
        ]),
        ["history"] = RoomPayloads.History("team", "0a1b2c3d",
        [
            (8, new Message("chat", Payloads.Chat("team", "ada", Ada, "\"hello\""u8, At, null)) { CarriesOffset = true }),
            (9, new Message("moved", """["ada",{"x":1}]"""u8.ToArray()) { IsArgumentList = true }),
        ], more: true),
        ["pong"] = Payloads.Pong(At),
    };

    public static IReadOnlyDictionary<string, Error> Errors { get; } = new Dictionary<string, Error>
    {
        ["error"] = Error.Forbidden("not in room team"),
        ["error-without-id"] = Error.BadRequest("malformed JSON"),
        ["error-rate-limited"] = Error.RateLimited(TimeSpan.FromMilliseconds(1499.5)),
        ["error-unauthorized"] = Error.InvalidToken,
        ["error-muted"] = Error.Forbidden("muted in room team") with { RetryAfter = TimeSpan.FromMinutes(1) },
        ["error-internal"] = Error.Internal,
    };

    public static IReadOnlyDictionary<string, (Message Message, string Id)> Invocations { get; } = new Dictionary<string, (Message, string)>
    {
        ["invocation-with-result"] = (new Message("ask", """{"x":1}"""u8.ToArray()), "r1"),
        ["invocation-with-result-two-arguments"] = (Arguments("ask", """["a",2]""").Message, "r2"),
    };

    public static IReadOnlyDictionary<string, CloseReason> Closes { get; } = new Dictionary<string, CloseReason>
    {
        ["close-normal"] = CloseReason.Normal,
        ["close-shutdown"] = CloseReason.Shutdown,
        ["close-slow-consumer"] = CloseReason.SlowConsumer,
        ["close-flooding"] = CloseReason.Flooding,
        ["close-token-expired"] = CloseReason.TokenExpired,
        ["close-kicked"] = CloseReason.Kicked,
        ["close-banned"] = CloseReason.Banned,
        ["close-revoked"] = CloseReason.Revoked,
        ["close-too-many-of-user"] = CloseReason.TooManyOfUser,
        ["close-too-big"] = CloseReason.TooBig,
    };

    public static IEnumerable<string> Names => [.. All.Keys, .. Results.Keys, .. Errors.Keys, .. Invocations.Keys, .. Closes.Keys];

    private static (Message, Position) Plain(string type, byte[] payload) => (new Message(type, payload), Position.None);

    private static (Message, Position) Numbered(long offset, string type, byte[] payload) =>
        (new Message(type, payload) { CarriesOffset = true }, new Position("0a1b2c3d", offset));

    private static (Message Message, Position Position) Arguments(string type, string json) =>
        (new Message(type, Encoding.UTF8.GetBytes(json)) { IsArgumentList = true }, Position.None);
}
