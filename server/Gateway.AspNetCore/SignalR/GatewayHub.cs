using System.Text.Json;
using Microsoft.AspNetCore.SignalR;

namespace Gateway.AspNetCore.SignalR;

/// <summary>
/// The hub that stock clients see: a method for each built-in command, and <see cref="Send"/> for the application's. docs/protocol.md shows
/// each, with its payload and its result. Messages arrive under the target of their type.
/// </summary>
public sealed class GatewayHub : Hub
{
    /// <summary>Publishes a chat message in a room.</summary>
    public Task<JsonResult> Chat(JsonElement payload) => HubCommandDispatcher.RunAsync(Context, "chat", payload);

    /// <summary>Joins a room; with <c>since</c>, resumes it.</summary>
    public Task<JsonResult> Join(JsonElement payload) => HubCommandDispatcher.RunAsync(Context, "join", payload);

    /// <summary>Leaves a room.</summary>
    public Task<JsonResult> Leave(JsonElement payload) => HubCommandDispatcher.RunAsync(Context, "leave", payload);

    /// <summary>Sends a message to one user, on all of its connections.</summary>
    public Task<JsonResult> Direct(JsonElement payload) => HubCommandDispatcher.RunAsync(Context, "direct", payload);

    /// <summary>Reads the messages that a room keeps.</summary>
    public Task<JsonResult> History(JsonElement payload) => HubCommandDispatcher.RunAsync(Context, "history", payload);

    /// <summary>Lists the members of a room, or sets the status of the caller.</summary>
    public Task<JsonResult> Presence(JsonElement payload) => HubCommandDispatcher.RunAsync(Context, "presence", payload);

    /// <summary>Replaces the token of the connection.</summary>
    public Task<JsonResult> Refresh(JsonElement payload) => HubCommandDispatcher.RunAsync(Context, "refresh", payload);

    /// <summary>Mutes a user. For moderators.</summary>
    public Task<JsonResult> Mute(JsonElement payload) => HubCommandDispatcher.RunAsync(Context, "mute", payload);

    /// <summary>Lifts a mute. For moderators.</summary>
    public Task<JsonResult> Unmute(JsonElement payload) => HubCommandDispatcher.RunAsync(Context, "unmute", payload);

    /// <summary>Closes the connections of a user, or removes it from a room. For moderators.</summary>
    public Task<JsonResult> Kick(JsonElement payload) => HubCommandDispatcher.RunAsync(Context, "kick", payload);

    /// <summary>Bans a user. For moderators.</summary>
    public Task<JsonResult> Ban(JsonElement payload) => HubCommandDispatcher.RunAsync(Context, "ban", payload);

    /// <summary>Lifts a ban. For moderators.</summary>
    public Task<JsonResult> Unban(JsonElement payload) => HubCommandDispatcher.RunAsync(Context, "unban", payload);

    /// <summary>Returns the time of the server.</summary>
    public Task<JsonResult> Ping() => HubCommandDispatcher.RunAsync(Context, "ping", default);

    /// <summary>A command that the application adds, or a message of a type that the configuration declares.</summary>
    public Task<JsonResult> Send(string type, JsonElement payload) => HubCommandDispatcher.RunAsync(Context, type, payload);
}
