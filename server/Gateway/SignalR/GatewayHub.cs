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

    public Task<JsonResult> Ping() => door.RunAsync(Context, "ping", default);

    /// <summary>A message of a type that the gateway's configuration declares.</summary>
    public Task<JsonResult> Send(string type, JsonElement payload) => door.RunAsync(Context, type, payload);

    /// <summary>Where calls end up whose arguments fit no method, see <see cref="ClearJsonProtocol"/>: counts like any other, and fails with the text.</summary>
    public Task Refuse(string why) => throw door.Refuse(Context, why);
}
