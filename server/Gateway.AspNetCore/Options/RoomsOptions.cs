using Gateway.Core.Messages;

namespace Gateway.AspNetCore.Options;

public sealed class RoomsOptions
{
    public IList<string> AutoJoin { get; set; } = ["lobby", "metrics"];

    /// <summary>1 to 100000.</summary>
    public int MaxPerConnection { get; set; } = 100;

    /// <summary>Of one user, each counted once for each of its connections to one replica; 0 = no limit but the connection's.</summary>
    public int MaxPerUser { get; set; } = 1_000;

    /// <summary>Rooms that have members, of one hub on one replica; 0 = no limit.</summary>
    public int MaxRooms { get; set; } = 100_000;

    /// <summary>0: a user is gone with its last connection.</summary>
    public TimeSpan PresenceGrace { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Messages that a connection may be given again when it comes back to a room, 0 to 1000000.</summary>
    public int MaxReplay { get; set; } = 10_000;

    /// <summary>Without Redis: what the history of all rooms may hold, 0 to 1099511627776 bytes.</summary>
    public long HistoryMaxBytes { get; set; } = 268_435_456;
    public RoomDefaults Defaults { get; set; } = new();

    /// <summary>The first that matches a room's name overrides the defaults.</summary>
    public IList<RoomPolicyOptions> Policies { get; set; } =
    [
        new() { Match = "metrics", Publish = PublishRight.Server, OnFull = SlowConsumerPolicy.Latest, History = 0, Presence = false, Announce = false },
        new() { Match = "lobby", Announce = false },
    ];

    /// <summary>Who may do what: the first that matches a room's name decides; without one nothing is forbidden.</summary>
    public IList<RoomPermissionOptions> Permissions { get; set; } = [];

    internal RoomsOptions Copy() => (RoomsOptions)MemberwiseClone();
}

public enum PublishRight
{
    Members,
    Server,
}

public sealed class RoomDefaults
{
    /// <summary>The newest messages that are kept, 0 to 1000000.</summary>
    public int History { get; set; } = 100;

    /// <summary>How long they are kept, 1s to 7 days.</summary>
    public TimeSpan HistoryTtl { get; set; } = TimeSpan.FromHours(1);
    public PublishRight Publish { get; set; } = PublishRight.Members;
    public bool Echo { get; set; } = true;
    public bool Presence { get; set; } = true;
    public bool Announce { get; set; } = true;
}

public sealed class RoomPolicyOptions
{
    /// <summary>A room's name; <c>*</c> stands for any text.</summary>
    public string Match { get; set; } = "";
    public int? History { get; set; }
    public TimeSpan? HistoryTtl { get; set; }
    public PublishRight? Publish { get; set; }
    public SlowConsumerPolicy? OnFull { get; set; }
    public bool? Echo { get; set; }
    public bool? Presence { get; set; }
    public bool? Announce { get; set; }
}
