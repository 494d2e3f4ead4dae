using System.CommandLine;
using Gateway.Client;

namespace Gateway.Cli.Commands;

/// <summary><c>gateway-cli chat [ROOM]</c>: sends each line of standard input to the room and shows the messages of the room.</summary>
internal static class ChatCommand
{
    public static Command Make(Func<ParseResult, string?, Session> connect)
    {
        var room = new Argument<string>("room") { Description = "The room", DefaultValueFactory = _ => "lobby" };
        var command = new Command("chat", "Chat in a room; Ctrl+C or Ctrl+D exits") { room };
        command.SetAction(
            (result, cancel) => connect(result, null).RunAsync((client, over) => TalkAsync(client, result.GetValue(room)!, over), cancel));
        return command;
    }

    private static async Task TalkAsync(GatewayClient client, string room, CancellationToken cancel)
    {
        var (shown, said) = (new ShownOffset(), 0L);
        client.OnChat(chat =>
        {
            Lines.Show(chat);
            if (chat.Room == room) shown.Reach(chat.Offset ?? 0);
        });
        client.Gap += gap => Lines.Note(
            $"missed {gap.From} to {gap.To?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "the end"}: {gap.Reason}");
        client.StateChanged += change => Lines.Note(
            change.State == ClientState.Open ? "connected again" : $"{change.State}: {change.Error?.Message}");
        await client.JoinAsync(room, cancel);
        Lines.Note($"in {room} as {client.Welcome!.Username}");
        while (await Lines.ReadAsync(cancel) is { } line)
        {
            if (line.Length == 0) continue;
            try
            {
                said = (await client.ChatAsync(line, room, cancel)).Offset ?? said;
            }
            catch (GatewayException fault) when (fault.Code != GatewayErrors.Closed)
            {
                Lines.Note(fault.Message);
            }
        }
        await shown.WhenReachedAsync(said, cancel);
    }

    /// <summary>The last offset that was shown. At the end of a pipe, the last message may be acknowledged before it arrives.</summary>
    private sealed class ShownOffset
    {
        private static readonly TimeSpan Longest = TimeSpan.FromSeconds(1); // a room without echo never shows it

        private readonly SemaphoreSlim _more = new(0);
        private long _offset;

        public void Reach(long offset)
        {
            Volatile.Write(ref _offset, offset);
            _more.Release();
        }

        public async Task WhenReachedAsync(long offset, CancellationToken cancel)
        {
            while (Volatile.Read(ref _offset) < offset && await _more.WaitAsync(Longest, cancel))
            {
            }
        }
    }
}
