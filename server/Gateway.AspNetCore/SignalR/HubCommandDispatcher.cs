using System.Runtime.InteropServices;
using System.Text.Json;
using Gateway.Core.Commands;
using Gateway.Core.Connections;
using Gateway.Core.Messages;
using Microsoft.AspNetCore.SignalR;

namespace Gateway.AspNetCore.SignalR;

/// <summary>
/// Passes a call of a hub method to the command router, and its outcome back: a result, or a <see cref="HubException"/> with <c>"400:
/// …"</c>.
/// </summary>
internal static class HubCommandDispatcher
{
    public static Task<JsonResult> RunAsync(HubCallerContext context, string type, JsonElement payload)
    {
        if (context.Features.Get<Connection>() is not { } connection || context.Features.Get<CommandRouter>() is not { } router)
            throw new HubException(Error.Internal.ToString());
        var json = payload.ValueKind == JsonValueKind.Undefined ? "null"u8 : JsonMarshal.GetRawUtf8Value(payload);
        var outcome = router.ExecuteAsync(connection, type, json);
        return outcome.IsCompletedSuccessfully ? Task.FromResult(Result(outcome.Result)) : WaitAsync(outcome);
    }

    private static async Task<JsonResult> WaitAsync(ValueTask<CommandResult> outcome) => Result(await outcome);

    private static JsonResult Result(in CommandResult outcome) =>
        outcome.Error is { } error ? throw Exception(error) : new JsonResult(outcome.Result);

    private static HubException Exception(Error error) => new(Text(error));

    /// <summary>An error as the message of a <see cref="HubException"/>.</summary>
    public static string Text(Error error) =>
        error.RetryAfter is { } wait ? $"{error}, retry_after_ms={Math.Ceiling(wait.TotalMilliseconds)}" : error.ToString();
}
