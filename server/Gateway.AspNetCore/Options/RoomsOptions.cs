using Gateway.Core.Messages;

namespace Gateway.AspNetCore.Options;

/// <summary>Options for rooms.</summary>
public sealed class RoomsOptions
{
    /// <summary>
    /// Gets or sets the rooms that every connection joins, at most <see cref="MaxPerConnection"/>. The default is
    /// <c>lobby</c>.
    /// </summary>
    public IList<string> AutoJoin { get; set; } = ["lobby"];

    /// <summary>Gets or sets the maximum number of rooms of one connection, from 1 to 100000. The default is 100.</summary>
    public int MaxPerConnection { get; set; } = 100;

    /// <summary>
    /// Gets or sets the maximum number of rooms of one user on one replica, each counted once for each of the user's connections; 0 means
    /// no limit but the connection's. The default is 1000.
    /// </summary>
    public int MaxPerUser { get; set; } = 1_000;

    /// <summary>
    /// Gets or sets the maximum number of rooms with members in one domain on one replica; 0 means no limit. The default is 100000.
    /// </summary>
    public int MaxRooms { get; set; } = 100_000;

    /// <summary>
    /// Gets or sets how long a user without a connection counts as present, from 0 to 1 hour. With 0, a user leaves with its last
    /// connection. The default is 5 seconds.
    /// </summary>
    public TimeSpan PresenceGrace { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Gets or sets the maximum number of messages that are replayed when a connection recovers a room, from 0 to 1000000. The default is
    /// 10000.
    /// </summary>
    public int MaxReplay { get; set; } = 10_000;

    /// <summary>
    /// Gets or sets the maximum size of the history of all rooms in bytes, from 0 to 1099511627776. Applies without Redis. The default is
    /// 268435456.
    /// </summary>
    public long HistoryMaxBytes { get; set; } = 268_435_456;

    /// <summary>Gets or sets the properties of a room that no policy sets.</summary>
    public RoomDefaults Defaults { get; set; } = new();

    /// <summary>
    /// Gets or sets the policies that override <see cref="Defaults"/>. For each room, the first policy that matches its name applies.
    /// </summary>
    public IList<RoomPolicyOptions> Policies { get; set; } =
    [
        MetricsPolicy("metrics"),
        MetricsPolicy("metrics:cluster"),
        new() { Match = "lobby", Announce = false },
    ];

    /// <summary>
    /// Gets or sets which roles may use which rooms. For each room, the first entry that matches its name applies; a room that none matches
    /// is open to everyone. The default is none.
    /// </summary>
    public IList<RoomPermissionOptions> Permissions { get; set; } = [];

    internal RoomsOptions Copy() => (RoomsOptions)MemberwiseClone();

    private static RoomPolicyOptions MetricsPolicy(string room) => new()
    {
        Match = room,
        Publish = PublishRight.Server,
        OnFull = SlowConsumerPolicy.Latest,
        History = 0,
        Presence = false,
        Announce = false,
    };
}

/// <summary>Specifies who may publish to a room.</summary>
public enum PublishRight
{
    /// <summary>The room's members.</summary>
    Members,

    /// <summary>Only the server.</summary>
    Server,
}

/// <summary>The properties of rooms that no policy sets.</summary>
public sealed class RoomDefaults
{
    /// <summary>Gets or sets how many messages the history keeps, from 0 to 1000000. The default is 100.</summary>
    public int History { get; set; } = 100;

    /// <summary>Gets or sets how long the history keeps a message, from 1 second to 7 days. The default is 1 hour.</summary>
    public TimeSpan HistoryTtl { get; set; } = TimeSpan.FromHours(1);

    /// <summary>Gets or sets who may publish. The default is <see cref="PublishRight.Members"/>.</summary>
    public PublishRight Publish { get; set; } = PublishRight.Members;

    /// <summary>Gets or sets whether senders receive their own messages. The default is <see langword="true"/>.</summary>
    public bool Echo { get; set; } = true;

    /// <summary>Gets or sets whether members may list the room's members. The default is <see langword="true"/>.</summary>
    public bool Presence { get; set; } = true;

    /// <summary>Gets or sets whether members are notified when a user joins or leaves. The default is <see langword="true"/>.</summary>
    public bool Announce { get; set; } = true;
}

/// <summary>The policy of the rooms that match a pattern.</summary>
/// <remarks>A property that is not set has the value of <see cref="RoomDefaults"/>.</remarks>
public sealed class RoomPolicyOptions
{
    /// <summary>Gets or sets the name or pattern of the rooms. <c>*</c> matches any text. Required.</summary>
    public string Match { get; set; } = "";

    /// <summary>Gets or sets how many messages the history keeps, from 0 to 1000000.</summary>
    public int? History { get; set; }

    /// <summary>Gets or sets how long the history keeps a message, from 1 second to 7 days.</summary>
    public TimeSpan? HistoryTtl { get; set; }

    /// <summary>Gets or sets who may publish.</summary>
    public PublishRight? Publish { get; set; }

    /// <summary>
    /// Gets or sets what happens when a member's outbox is full. If <see langword="null"/>, <see cref="OutboxOptions.OnFull"/> applies.
    /// </summary>
    public SlowConsumerPolicy? OnFull { get; set; }

    /// <summary>Gets or sets whether senders receive their own messages.</summary>
    public bool? Echo { get; set; }

    /// <summary>Gets or sets whether members may list the room's members.</summary>
    public bool? Presence { get; set; }

    /// <summary>Gets or sets whether members are notified when a user joins or leaves.</summary>
    public bool? Announce { get; set; }
}
