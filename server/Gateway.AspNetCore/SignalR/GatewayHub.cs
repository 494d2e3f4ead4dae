using System.Text.Json;
using Microsoft.AspNetCore.SignalR;

namespace Gateway.AspNetCore.SignalR;

/// <summary>
/// The hub that stock clients see: a method for each built-in command, and <see cref="Send"/> for the application's. docs/protocol.md shows
/// each. The
/// server invokes the client's methods by message type.
/// </summary>
public sealed class GatewayHub : Hub
{
    public Task<JsonResult> Chat(JsonElement payload) => HubCommandDispatcher.RunAsync(Context, "chat", payload);

    public Task<JsonResult> Join(JsonElement payload) => HubCommandDispatcher.RunAsync(Context, "join", payload);

    public Task<JsonResult> Leave(JsonElement payload) => HubCommandDispatcher.RunAsync(Context, "leave", payload);

    public Task<JsonResult> Direct(JsonElement payload) => HubCommandDispatcher.RunAsync(Context, "direct", payload);

    public Task<JsonResult> History(JsonElement payload) => HubCommandDispatcher.RunAsync(Context, "history", payload);

    public Task<JsonResult> Presence(JsonElement payload) => HubCommandDispatcher.RunAsync(Context, "presence", payload);

    public Task<JsonResult> Refresh(JsonElement payload) => HubCommandDispatcher.RunAsync(Context, "refresh", payload);

    public Task<JsonResult> Mute(JsonElement payload) => HubCommandDispatcher.RunAsync(Context, "mute", payload);

    public Task<JsonResult> Unmute(JsonElement payload) => HubCommandDispatcher.RunAsync(Context, "unmute", payload);

    public Task<JsonResult> Kick(JsonElement payload) => HubCommandDispatcher.RunAsync(Context, "kick", payload);

    public Task<JsonResult> Ban(JsonElement payload) => HubCommandDispatcher.RunAsync(Context, "ban", payload);

    public Task<JsonResult> Unban(JsonElement payload) => HubCommandDispatcher.RunAsync(Context, "unban", payload);

    public Task<JsonResult> Ping() => HubCommandDispatcher.RunAsync(Context, "ping", default);

    /// <summary>A command that the application adds, or a message of a type that the configuration declares.</summary>
    public Task<JsonResult> Send(string type, JsonElement payload) => HubCommandDispatcher.RunAsync(Context, type, payload);
}
