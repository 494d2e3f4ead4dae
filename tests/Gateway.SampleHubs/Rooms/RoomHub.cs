using Microsoft.AspNetCore.SignalR;

namespace Gateway.SampleHubs.Rooms;

/// <summary>A typed hub: who hears what. It announces who comes and goes, as tutorials do.</summary>
public sealed class RoomHub(Journal journal) : Hub<IListener>
{
    private string Name => Context.UserIdentifier ?? "somebody";

    public override async Task OnConnectedAsync()
    {
        await Clients.Caller.Heard(new Said("hub", $"welcome, {Name}"));
        await Clients.Others.Arrived(Name);
        await base.OnConnectedAsync();
    }

    public override async Task OnDisconnectedAsync(Exception? exception)
    {
        journal.Note($"{Name} left the rooms: {exception?.Message ?? "no fault"}");
        await Clients.Others.Left(Name, exception?.Message);
        await base.OnDisconnectedAsync(exception);
    }

    public Task Enter(string group) => Groups.AddToGroupAsync(Context.ConnectionId, group);

    public Task Leave(string group) => Groups.RemoveFromGroupAsync(Context.ConnectionId, group);

    public Task EnterFor(string connection, string group) => Groups.AddToGroupAsync(connection, group);

    public Task LeaveFor(string connection, string group) => Groups.RemoveFromGroupAsync(connection, group);

    /// <param name="audience">The name of the property or method of <c>Clients</c>.</param>
    /// <param name="names">What that method takes; of those with a group and connections, the group first.</param>
    public Task Say(string audience, string[] names, string text) => To(audience, names).Heard(new Said(Name, text));

    public Task Move(string audience, string[] names, int x, int y, Price? price) => To(audience, names).Moved(x, y, price);

    public Task Nod(string audience, string[] names) => To(audience, names).Nothing();

    public Task Repeat(Said said) => Clients.Caller.Heard(said);

    public Task<Answer> Ask(string connection, string question) => Clients.Client(connection).Ask(question);

    /// <summary>As many questions at once as connections.</summary>
    public async Task<string[]> AskEach(string[] connections, string question) =>
        [.. (await Task.WhenAll(connections.Select(connection => Clients.Client(connection).Ask(question)))).Select(answer => answer.Text)];

    private IListener To(string audience, string[] names) => audience switch
    {
        "All" => Clients.All,
        "AllExcept" => Clients.AllExcept(names),
        "Caller" => Clients.Caller,
        "Others" => Clients.Others,
        "Client" => Clients.Client(names[0]),
        "Clients" => Clients.Clients(names),
        "Group" => Clients.Group(names[0]),
        "Groups" => Clients.Groups(names),
        "GroupExcept" => Clients.GroupExcept(names[0], names[1..]),
        "OthersInGroup" => Clients.OthersInGroup(names[0]),
        "User" => Clients.User(names[0]),
        "Users" => Clients.Users(names),
        _ => throw new HubException($"no audience {audience}"),
    };
}
