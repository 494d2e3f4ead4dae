using Gateway.Core.Moderation;

namespace Gateway.AspNetCore.Domains;

/// <summary>
/// The restrictions of users, as one domain sees them. A restriction without a room applies in every domain; one with a room applies to
/// that room of this domain.
/// </summary>
internal sealed class DomainRestrictions(string domain, IRestrictionStore gateway) : IRestrictionStore
{
    /// <summary>Raised for every domain: bans and revocations apply to all connections.</summary>
    public event Action<Restriction>? Imposed
    {
        add => gateway.Imposed += value;
        remove => gateway.Imposed -= value;
    }

    public Restriction? Find(RestrictionKind kind, string userId, string? room = null) =>
        gateway.Find(kind, userId, QualifiedRoom(room)) is { } found ? found with { Room = room } : null;

    public ValueTask ImposeAsync(Restriction restriction) =>
        gateway.ImposeAsync(restriction with { Room = QualifiedRoom(restriction.Room) });

    public ValueTask<bool> LiftAsync(RestrictionKind kind, string userId, string? room = null) =>
        gateway.LiftAsync(kind, userId, QualifiedRoom(room));

    /// <summary>The key of a room in the gateway's store. Room names contain no spaces, so the key is unambiguous.</summary>
    private string? QualifiedRoom(string? room) => room == null ? null : $"{domain} {room}";
}
