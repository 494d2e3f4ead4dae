using Gateway.Core.Connections;
using Gateway.Core.Messages;
using Gateway.Core.Moderation;
using Gateway.Core.Rooms;
using Gateway.Core.Wire;

namespace Gateway.Core.Commands;

/// <summary>The common part of the moderators' commands: the right to send them, and their fields.</summary>
internal static class ModerationRequest
{
    public const int MaxUserIdLength = 256;

    public static readonly TimeSpan Shortest = TimeSpan.FromSeconds(1);
    public static readonly TimeSpan Longest = TimeSpan.FromDays(366);

    public static Error? CheckRight(Connection sender, Moderator moderator) =>
        moderator.MayModerate(sender.User) ? null : Error.Forbidden("only moderators may do that");

    public static Error? CheckUser(string userId) => userId.Length == 0 ? Error.BadRequest("user_id must not be empty") : null;

    public static Error? CheckRoom(string? room) => room == null ? null : RoomName.Check(room);

    /// <param name="text"><c>null</c> where no duration was given.</param>
    public static Error? ReadDuration(string? text, out TimeSpan? duration)
    {
        duration = null;
        if (text == null) return null;
        if (!DurationText.TryRead(text, out var value) || value < Shortest || value > Longest)
            return Error.BadRequest("duration must be a time from 1s to 8784h, written like 30s, 10m or 1h");
        duration = value;
        return null;
    }
}
