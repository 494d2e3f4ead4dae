using Gateway.Core.Moderation;

namespace Gateway.AspNetCore.Domains;

/// <summary>
/// What holds against users, as one hub sees it. A user is the same everywhere, so what holds without a room holds in every hub; a room is
/// one of its hub's.
/// </summary>
internal sealed class DomainRestrictions(string hub, IRestrictionStore gateway) : IRestrictionStore
{
    /// <summary>Bans and revocations come to every hub's connections.</summary>
    public event Action<Restriction>? Imposed
    {
        add => gateway.Imposed += value;
        remove => gateway.Imposed -= value;
    }

    public Restriction? Find(RestrictionKind kind, string userId, string? room = null) =>
        gateway.Find(kind, userId, InGateway(room)) is { } found ? found with { Room = room } : null;

    public ValueTask ImposeAsync(Restriction restriction) => gateway.ImposeAsync(restriction with { Room = InGateway(restriction.Room) });

    public ValueTask<bool> LiftAsync(RestrictionKind kind, string userId, string? room = null) =>
        gateway.LiftAsync(kind, userId, InGateway(room));

    /// <summary>No room's name has a blank in it.</summary>
    private string? InGateway(string? room) => room == null ? null : $"{hub} {room}";
}
