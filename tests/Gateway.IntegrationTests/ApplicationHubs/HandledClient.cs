using System.Text;
using Gateway.Testing;

namespace Gateway.IntegrationTests.ApplicationHubs;

/// <summary>A connection that the hub's connection handler runs, as it does below a transport: handshake, hub, end.</summary>
internal sealed class HandledClient(HubServer server, string? user, bool stalls) : PipeClient(server, user, stalls)
{
    private readonly bool _stalls = stalls;
    private Task _running = Task.CompletedTask;

    public override async Task StartAsync()
    {
        var connected = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Connection.Items[AnyHub.Connected] = connected;
        _running = Server.Handler.OnConnectedAsync(Connection);
        await Connection.Application!.Output.WriteAsync(Encoding.UTF8.GetBytes("""{"protocol":"json","version":1}""" + '\u001e'));
        if (_stalls)
        {
            // It reads the answer to the handshake, and nothing more.
            var answer = await Connection.Application.Input.ReadAsync().Within("the handshake");
            Connection.Application.Input.AdvanceTo(answer.Buffer.End);
        }
        else
        {
            await Handshake.Task.Within("the handshake");
        }
        await connected.Task.Within("the hub to know the connection");
    }

    protected override async Task EndAsync()
    {
        await Connection.Application!.Output.CompleteAsync();
        await _running;
    }
}
