using Gateway.SampleHubs.Calls;
using Gateway.SampleHubs.Rooms;
using Microsoft.AspNetCore.SignalR;

namespace Gateway.SampleHubs;

/// <summary>
/// What the application does with its hubs from outside of them: minimal API endpoints with an <see cref="IHubContext{THub}"/>.
/// </summary>
internal static class ServerSide
{
    public static void MapServerSide(this WebApplication app)
    {
        app.MapPost("/server/all", (IHubContext<RoomHub> hub, string text) => hub.Clients.All.SendAsync("Heard", new Said("server", text)));
        app.MapPost("/server/group", (IHubContext<RoomHub, IListener> hub, string name, string text) =>
            hub.Clients.Group(name).Heard(new Said("server", text)));
        app.MapPost("/server/user", (IHubContext<RoomHub, IListener> hub, string name, string text) =>
            hub.Clients.User(name).Heard(new Said("server", text)));
        app.MapPost("/server/connection", (IHubContext<RoomHub> hub, string id, string text) =>
            hub.Clients.Client(id).SendAsync("Heard", new Said("server", text)));
        app.MapPost("/server/enter", (IHubContext<RoomHub, IListener> hub, string id, string name) => hub.Groups.AddToGroupAsync(id, name));
        app.MapPost("/server/leave", (IHubContext<RoomHub> hub, string id, string name) => hub.Groups.RemoveFromGroupAsync(id, name));
        app.MapPost("/server/ask", AskAsync);
        app.MapPost("/server/release", (Latches latches, string name) => latches.Release(name));
        app.MapGet("/server/journal", (Journal journal) => journal.Entries);
    }

    private static async Task<IResult> AskAsync(IHubContext<RoomHub, IListener> hub, string id, string question, CancellationToken cancel)
    {
        try
        {
            return Results.Text((await hub.Clients.Client(id).Ask(question).WaitAsync(cancel)).Text);
        }
        catch (Exception fault) when (fault is HubException or IOException)
        {
            return Results.Text($"{fault.GetType().Name}: {fault.Message}", statusCode: StatusCodes.Status409Conflict);
        }
    }
}
