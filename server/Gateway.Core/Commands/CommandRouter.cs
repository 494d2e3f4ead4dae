using System.Text;
using Gateway.Core.Broadcast;
using Gateway.Core.Connections;
using Gateway.Core.Messages;
using Microsoft.Extensions.Logging;

namespace Gateway.Core.Commands;

/// <summary>
/// The single entry point for commands of clients of every dialect: admits them, finds their handlers, and turns whatever fails into an
/// error.
/// </summary>
internal sealed partial class CommandRouter(
    CommandTable commands, CommandServices services, MessageRateLimiter limit, GatewayMeter meter, ILogger<CommandRouter> logger)
{
    private const int MaxTypeBytes = 256;

    /// <summary>Counts a message of a client, whatever is in it, before anything else is done with it.</summary>
    /// <returns>Why the message is refused; <c>null</c> if it is not.</returns>
    public Error? Admit(Connection sender)
    {
        meter.CountReceived(sender.Dialect);
        if (!sender.Outbox.IsOpen) return Error.ConnectionClosed;
        if (limit.Admit(sender) is not { } error) return null;
        meter.CountRateLimited(sender.Dialect);
        return limit.DryRun ? null : error;
    }

    /// <summary>A connection has arrived and will soon send something.</summary>
    public void Expect(Connection sender) => limit.PerUser?.Budgets.Prefetch(sender.User.Id);

    /// <summary>
    /// Carries out a command. Every fault comes back as an error; nothing is thrown. A connection that is being closed can do nothing any
    /// more, even if its client ignores the close: this is decided here for every dialect and transport.
    /// </summary>
    /// <param name="type">UTF-8.</param>
    /// <param name="payload">One JSON value. It is read before this returns.</param>
    public ValueTask<CommandResult> ExecuteAsync(Connection sender, ReadOnlySpan<byte> type, ReadOnlySpan<byte> payload)
    {
        Span<char> name = stackalloc char[Math.Min(type.Length, MaxTypeBytes)];
        return Encoding.UTF8.TryGetChars(type, name, out var length)
            ? ExecuteAsync(sender, name[..length], payload)
            : (CommandResult)Error.BadRequest("type is too long");
    }

    /// <inheritdoc cref="ExecuteAsync(Connection, ReadOnlySpan{byte}, ReadOnlySpan{byte})"/>
    public ValueTask<CommandResult> ExecuteAsync(Connection sender, ReadOnlySpan<char> type, ReadOnlySpan<byte> payload)
    {
        if (!sender.Outbox.IsOpen) return (CommandResult)Error.ConnectionClosed;
        if (commands.Find(type, out var command) is { } unknown) return (CommandResult)unknown;
        try
        {
            var outcome = command.Handler.HandleAsync(new CommandContext(command.Type, sender, services), payload);
            return outcome.IsCompletedSuccessfully ? Charge(sender, outcome.Result) : GuardAsync(outcome, command.Type, sender);
        }
        catch (Exception fault)
        {
            return Failed(fault, command.Type, sender);
        }
    }

    private async ValueTask<CommandResult> GuardAsync(ValueTask<CommandResult> outcome, string type, Connection sender)
    {
        try
        {
            return Charge(sender, await outcome.ConfigureAwait(false));
        }
        catch (Exception fault)
        {
            return Failed(fault, type, sender);
        }
    }

    private CommandResult Charge(Connection sender, CommandResult outcome)
    {
        if (ReplyCost.Of(outcome) is > 0 and var cost) limit.Charge(sender, cost);
        return outcome;
    }

    private CommandResult Failed(Exception fault, string type, Connection sender)
    {
        if (fault is BackplaneException) return Error.BackplaneUnavailable;
        Log.Failed(logger, fault, type, sender.Id);
        return Error.Internal;
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "Command {Type} of connection {ConnectionId} failed")]
        public static partial void Failed(ILogger logger, Exception fault, string type, string connectionId);
    }
}
