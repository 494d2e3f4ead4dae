namespace Gateway.Core.Messages;

public enum AudienceKind : byte
{
    Room = 1,
    User = 2,
    Connection = 3,
    Everyone = 4,
}

/// <summary>Whom a message is for, on all replicas: the members of a room, the connections of a user, one connection, or everyone.</summary>
public readonly record struct Audience(AudienceKind Kind, string Name)
{
    /// <summary>Ids of the connections that are left out.</summary>
    public IReadOnlyList<string> Except { get; init; } = [];

    public static Audience Everyone { get; } = new(AudienceKind.Everyone, "");
    public static Audience Room(string name) => new(AudienceKind.Room, name);
    public static Audience User(string id) => new(AudienceKind.User, id);
    public static Audience Connection(string id) => new(AudienceKind.Connection, id);
}
