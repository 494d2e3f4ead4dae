using System.Text.Json;
using Microsoft.AspNetCore.SignalR;

namespace Gateway.AspNetCore.SignalR;

/// <summary>The hub that stock clients see: a method for each command, docs/protocol.md shows each. Messages come back under the target of their type.</summary>
public sealed class GatewayHub(HubCommandDispatcher endpoint) : Hub
{
    public Task<JsonResult> Chat(JsonElement payload) => endpoint.RunAsync(Context, "chat", payload);

    public Task<JsonResult> Join(JsonElement payload) => endpoint.RunAsync(Context, "join", payload);

    public Task<JsonResult> Leave(JsonElement payload) => endpoint.RunAsync(Context, "leave", payload);

    public Task<JsonResult> Direct(JsonElement payload) => endpoint.RunAsync(Context, "direct", payload);

    public Task<JsonResult> History(JsonElement payload) => endpoint.RunAsync(Context, "history", payload);

    public Task<JsonResult> Presence(JsonElement payload) => endpoint.RunAsync(Context, "presence", payload);

    public Task<JsonResult> Refresh(JsonElement payload) => endpoint.RunAsync(Context, "refresh", payload);

    public Task<JsonResult> Mute(JsonElement payload) => endpoint.RunAsync(Context, "mute", payload);

    public Task<JsonResult> Unmute(JsonElement payload) => endpoint.RunAsync(Context, "unmute", payload);

    public Task<JsonResult> Kick(JsonElement payload) => endpoint.RunAsync(Context, "kick", payload);

    public Task<JsonResult> Ban(JsonElement payload) => endpoint.RunAsync(Context, "ban", payload);

    public Task<JsonResult> Unban(JsonElement payload) => endpoint.RunAsync(Context, "unban", payload);

    public Task<JsonResult> Ping() => endpoint.RunAsync(Context, "ping", default);

    /// <summary>A message of a type that the gateway's configuration declares.</summary>
    public Task<JsonResult> Send(string type, JsonElement payload) => endpoint.RunAsync(Context, type, payload);
}
