using Gateway.Core.Connections;
using Gateway.Core.Messages;
using Gateway.Core.Wire;

namespace Gateway.Core.Commands;

/// <summary>
/// <c>auth {"token"}</c> is the first message of a WebSocket that was opened with <c>auth=message</c>, and is read before there is a
/// connection. On a connection it is refused.
/// </summary>
internal sealed class AuthHandler : ICommandHandler
{
    private static readonly FieldNames Fields = new("token");

    public ValueTask<CommandResult> HandleAsync(CommandContext context, ReadOnlySpan<byte> payload) =>
        (CommandResult)Error.BadRequest(
            "auth is for the first message of a connection that was opened with auth=message; later it is refresh");

    /// <summary>The token in the payload; <c>null</c> if there is none.</summary>
    public static string? TokenOf(ReadOnlySpan<byte> payload)
    {
        var fields = new PayloadFields(payload, Fields);
        var token = fields.RequiredString(0, AuthenticatedUser.MaxTokenLength);
        return fields.Error == null ? token : null;
    }
}
