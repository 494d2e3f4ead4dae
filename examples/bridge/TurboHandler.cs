using System.Net;
using System.Text.Json;
using System.Threading.Channels;
using Gateway.AspNetCore.Frames;

namespace Bridge;

/// <summary>
/// A room as HTML: each chat message is a <c>&lt;turbo-stream&gt;</c> that appends a line to the page's list (the Turbo handbook, "Turbo
/// Streams"). What the client sends is said in the room. The room is <c>?room=</c>, else <c>lobby</c>.
/// </summary>
public sealed class TurboHandler : IFrameHandler
{
    private FrameRooms _rooms = null!;
    private string _room = "lobby";

    public ValueTask InitAsync(FrameContext context)
    {
        _rooms = context.Rooms;
        if (context.Request.Query["room"] is [{ Length: > 0 } room]) _room = room;
        if (_room == "metrics") context.Refuse(403, "there is no HTML of the metrics");
        context.ResponseHeaders.ContentType = "text/vnd.turbo-stream.html";
        return default;
    }

    public async ValueTask EnterAsync(CancellationToken cancel) => await _rooms.JoinAsync(_room);

    public async Task RunAsync(ChannelReader<Frame> incoming, ChannelWriter<Frame> outgoing, CancellationToken cancel)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var telling = TellAsync(_rooms.Messages, outgoing, over.Token);
        try
        {
            await foreach (var frame in incoming.ReadAllAsync(cancel)) await _rooms.ChatAsync(_room, frame.ToString());
        }
        finally
        {
            await over.CancelAsync();
            await telling.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    public ValueTask DisposeAsync() => default;

    private static async Task TellAsync(ChannelReader<RoomMessage> messages, ChannelWriter<Frame> outgoing, CancellationToken cancel)
    {
        await foreach (var message in messages.ReadAllAsync(cancel))
        {
            if (message.Type != "chat") continue;
            using var chat = JsonDocument.Parse(message.Payload);
            var line = $"<li><b>{Html(chat, "username")}</b> {Html(chat, "content")}</li>";
            var stream = $"""<turbo-stream action="append" target="messages"><template>{line}</template></turbo-stream>""";
            await outgoing.WriteAsync(Frame.Text(stream), cancel);
        }
    }

    private static string Html(JsonDocument chat, string field) => WebUtility.HtmlEncode(chat.RootElement.GetProperty(field).GetString()!);
}
