using System.Text.Json;
using System.Threading.Channels;
using Gateway.AspNetCore.Frames;

namespace Bridge;

/// <summary>
/// A protocol as a small device or a person at a terminal speaks it, a line for each frame. In: <c>JOIN room</c>, <c>LEAVE room</c>, <c>SAY
/// room text</c>. Out: <c>room name: text</c> for what is said, <c>OK</c> or <c>ERR text</c> for what was asked.
/// </summary>
public sealed class LineHandler : IFrameHandler
{
    private FrameRooms _rooms = null!;

    public ValueTask InitAsync(FrameContext context)
    {
        _rooms = context.Rooms;
        if (context.OfferedSubProtocols.Contains("lines.v1")) context.SubProtocol = "lines.v1";
        return default;
    }

    public async Task RunAsync(ChannelReader<Frame> incoming, ChannelWriter<Frame> outgoing, CancellationToken cancel)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var telling = TellAsync(_rooms.Messages, outgoing, over.Token);
        try
        {
            await foreach (var frame in incoming.ReadAllAsync(cancel))
                await outgoing.WriteAsync(Frame.Text(await AnswerAsync(frame.ToString())), cancel);
        }
        finally
        {
            await over.CancelAsync();
            await telling.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    public ValueTask DisposeAsync() => default;

    private async Task<string> AnswerAsync(string line)
    {
        try
        {
            switch (line.TrimEnd().Split(' ', 3))
            {
                case ["JOIN", var room]:
                    await _rooms.JoinAsync(room);
                    return "OK";
                case ["LEAVE", var room]:
                    await _rooms.LeaveAsync(room);
                    return "OK";
                case ["SAY", var room, var text]:
                    await _rooms.ChatAsync(room, text);
                    return "OK";
                default:
                    return "ERR JOIN room | LEAVE room | SAY room text";
            }
        }
        catch (CommandRefusedException refused)
        {
            return "ERR " + refused.Text;
        }
    }

    private static async Task TellAsync(ChannelReader<RoomMessage> messages, ChannelWriter<Frame> outgoing, CancellationToken cancel)
    {
        await foreach (var message in messages.ReadAllAsync(cancel))
        {
            if (message.Type != "chat") continue;
            using var chat = JsonDocument.Parse(message.Payload);
            await outgoing.WriteAsync(Frame.Text($"{Text(chat, "room")} {Text(chat, "username")}: {Text(chat, "content")}"), cancel);
        }
    }

    private static string? Text(JsonDocument chat, string field) => chat.RootElement.GetProperty(field).GetString();
}
