using Gateway.Core.Connections;
using Gateway.Core.Wire;

namespace Gateway.Core.Commands;

/// <summary><c>ping</c> → <c>{"time"}</c>: tells the server's time. The payload is not read.</summary>
internal sealed class PingHandler(TimeProvider time) : ICommandHandler
{
    public ValueTask<CommandResult> HandleAsync(CommandContext context, ReadOnlySpan<byte> payload) =>
        CommandResult.Reply("pong", Payloads.Pong(time.GetUtcNow()));
}
