using Microsoft.AspNetCore.SignalR;

namespace Gateway.IntegrationTests.ApplicationHubs.Matrix;

/// <summary>A hub of an application: it passes on what clients say, and knows nothing of dialects and replicas.</summary>
public sealed class MatrixHub : Hub
{
    public override Task OnConnectedAsync() =>
        Clients.Caller.SendAsync("welcome", new { id = Context.ConnectionId, user = Context.UserIdentifier });

    public Task Enter(string group) => Groups.AddToGroupAsync(Context.ConnectionId, group);

    public Task Leave(string group) => Groups.RemoveFromGroupAsync(Context.ConnectionId, group);

    public Task ToAll(string text) => Clients.All.SendAsync("heard", text);

    public Task ToOthers(string text) => Clients.Others.SendAsync("heard", text);

    public Task ToCaller(string text) => Clients.Caller.SendAsync("heard", text);

    public Task ToGroup(string group, string text) => Clients.Group(group).SendAsync("heard", text);

    public Task ToOthersInGroup(string group, string text) => Clients.OthersInGroup(group).SendAsync("heard", text);

    public Task ToUser(string user, string text) => Clients.User(user).SendAsync("heard", text);

    public Task ToClient(string connection, string text) => Clients.Client(connection).SendAsync("heard", text);

    public Task Move(string connection, int x, int? y) => Clients.Client(connection).SendAsync("moved", x, y, new { Deep = "ü 😀" });

    public Task<Answer> Ask(string connection, string question) =>
        Clients.Client(connection).InvokeAsync<Answer>("question", question, default);

    public async IAsyncEnumerable<int> Count(int to)
    {
        for (var i = 1; i <= to; i++)
        {
            yield return i;
            await Task.Yield();
        }
    }

    public sealed record Answer(string Text, int Length);
}
