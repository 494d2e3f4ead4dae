using Gateway.Core.Connections;
using Gateway.Core.Messages;
using Gateway.Core.Wire;

namespace Gateway.Core.Commands;

/// <summary><c>auth {"token"}</c> is the first message of a connection that was opened for it, and read before there is a connection: here it is too late, and goes nowhere.</summary>
internal sealed class Auth : ICommand
{
    private static readonly FieldNames Fields = new("token");

    public string Type => "auth";

    public ValueTask<CommandResult> ExecuteAsync(Connection sender, ReadOnlySpan<byte> payload) =>
        (CommandResult)Error.BadRequest("auth is for the first message of a connection that was opened with auth=message; later it is refresh");

    /// <summary>The token in the payload; <c>null</c> if there is none.</summary>
    public static string? TokenOf(ReadOnlySpan<byte> payload)
    {
        var fields = new PayloadFields(payload, Fields);
        var token = fields.RequiredString(0, AuthenticatedUser.MaxTokenLength);
        return fields.Error == null ? token : null;
    }
}
