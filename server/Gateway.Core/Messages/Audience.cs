namespace Gateway.Core.Messages;

/// <summary>The kinds of <see cref="Audience"/>. The values are part of the format between replicas.</summary>
public enum AudienceKind : byte
{
    /// <summary>The members of a room.</summary>
    Room = 1,

    /// <summary>All connections of a user.</summary>
    User = 2,

    /// <summary>One connection.</summary>
    Connection = 3,

    /// <summary>All connections of the domain.</summary>
    Everyone = 4,
}

/// <summary>The receivers of a message, on all replicas.</summary>
/// <param name="Kind">What <paramref name="Name"/> names.</param>
/// <param name="Name">The room's name, the user's id or the connection's id; empty for everyone.</param>
public readonly record struct Audience(AudienceKind Kind, string Name)
{
    /// <summary>The ids of connections that do not get the message.</summary>
    public IReadOnlyList<string> Except { get; init; } = [];

    /// <summary>All connections of the domain.</summary>
    public static Audience Everyone { get; } = new(AudienceKind.Everyone, "");

    /// <summary>The members of the room <paramref name="name"/>.</summary>
    public static Audience Room(string name) => new(AudienceKind.Room, name);

    /// <summary>All connections of the user <paramref name="id"/>.</summary>
    public static Audience User(string id) => new(AudienceKind.User, id);

    /// <summary>The connection <paramref name="id"/>.</summary>
    public static Audience Connection(string id) => new(AudienceKind.Connection, id);
}
