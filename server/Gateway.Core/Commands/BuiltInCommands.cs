using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.Core.Commands;

/// <summary>The commands that every domain has.</summary>
internal static class BuiltInCommands
{
    public static IReadOnlyList<CommandRegistration> All { get; } =
    [
        Of<AuthHandler>("auth"),
        Of<BanHandler>("ban"),
        Of<ChatHandler>("chat"),
        Of<DirectHandler>("direct"),
        Of<HistoryHandler>("history"),
        Of<JoinHandler>("join"),
        Of<KickHandler>("kick"),
        Of<LeaveHandler>("leave"),
        Of<MuteHandler>("mute"),
        Of<PingHandler>("ping"),
        Of<PresenceHandler>("presence"),
        Of<RefreshHandler>("refresh"),
        Of<UnbanHandler>("unban"),
        Of<UnmuteHandler>("unmute"),
    ];

    private static CommandRegistration Of<
        [DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] THandler>(string type)
        where THandler : class, ICommandHandler => new(type, domain => ActivatorUtilities.CreateInstance<THandler>(domain));
}
