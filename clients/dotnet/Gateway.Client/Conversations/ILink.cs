using System.Text.Json;
using System.Text.Json.Nodes;

namespace Gateway.Client.Conversations;

/// <summary>One connection to the gateway, of either dialect.</summary>
internal interface ILink
{
    /// <summary>Sends a command, in the order of the calls, and waits for its answer.</summary>
    /// <exception cref="GatewayException">The gateway refused it.</exception>
    /// <exception cref="LinkLostException">The connection is over: nobody knows what became of it.</exception>
    /// <exception cref="UnansweredException">Only this one failed.</exception>
    Task<JsonElement> CallAsync(string type, JsonNode? payload);
}

internal sealed class LinkLostException() : Exception("the connection is over");

internal sealed class UnansweredException(Exception inner) : Exception("there was no answer", inner);
