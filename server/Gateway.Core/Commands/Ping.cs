using Gateway.Core.Connections;
using Gateway.Core.Wire;

namespace Gateway.Core.Commands;

/// <summary><c>ping</c> → <c>{"time"}</c>: is somebody there, and what time is it? The payload does not matter.</summary>
internal sealed class Ping(TimeProvider time) : ICommand
{
    public string Type => "ping";

    public ValueTask<CommandResult> ExecuteAsync(Connection sender, ReadOnlySpan<byte> payload) => CommandResult.Reply("pong", Payloads.Pong(time.GetUtcNow()));
}
