using System.Text.Json;
using Microsoft.AspNetCore.SignalR;

namespace Gateway.SignalR;

/// <summary>The hub that stock clients see: a method for each command, docs/protocol.md shows each. Messages come back under the target of their type.</summary>
public sealed class GatewayHub(HubDoor door) : Hub
{
    public Task<JsonResult> Chat(JsonElement payload) => door.RunAsync(Context, "chat", payload);

    public Task<JsonResult> Join(JsonElement payload) => door.RunAsync(Context, "join", payload);

    public Task<JsonResult> Leave(JsonElement payload) => door.RunAsync(Context, "leave", payload);

    public Task<JsonResult> Direct(JsonElement payload) => door.RunAsync(Context, "direct", payload);

    public Task<JsonResult> History(JsonElement payload) => door.RunAsync(Context, "history", payload);

    public Task<JsonResult> Presence(JsonElement payload) => door.RunAsync(Context, "presence", payload);

    public Task<JsonResult> Refresh(JsonElement payload) => door.RunAsync(Context, "refresh", payload);

    public Task<JsonResult> Mute(JsonElement payload) => door.RunAsync(Context, "mute", payload);

    public Task<JsonResult> Unmute(JsonElement payload) => door.RunAsync(Context, "unmute", payload);

    public Task<JsonResult> Kick(JsonElement payload) => door.RunAsync(Context, "kick", payload);

    public Task<JsonResult> Ban(JsonElement payload) => door.RunAsync(Context, "ban", payload);

    public Task<JsonResult> Unban(JsonElement payload) => door.RunAsync(Context, "unban", payload);

    public Task<JsonResult> Ping() => door.RunAsync(Context, "ping", default);

    /// <summary>A message of a type that the gateway's configuration declares.</summary>
    public Task<JsonResult> Send(string type, JsonElement payload) => door.RunAsync(Context, type, payload);
}
