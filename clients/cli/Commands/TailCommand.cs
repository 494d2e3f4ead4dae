using System.CommandLine;
using System.Text.Json;
using Gateway.Client;

namespace Gateway.Cli.Commands;

/// <summary><c>gateway-cli tail ROOM</c>: shows all messages of a room, as text or as one JSON object per line.</summary>
internal static class TailCommand
{
    public static Command Make(Func<ParseResult, string?, Session> connect)
    {
        var room = new Argument<string>("room") { Description = "The room" };
        var json = new Option<bool>("--json") { Description = "Print one JSON object per line, {\"type\",\"payload\"}" };
        var since = new Option<long?>("--since") { Description = "Start after this offset, as far as the history reaches" };
        var command = new Command("tail", "Show the messages of a room; Ctrl+C exits") { room, json, since };
        command.SetAction((result, cancel) => connect(result, null).RunAsync(
            (client, over) => FollowAsync(client, result.GetValue(room)!, result.GetValue(json), result.GetValue(since), over), cancel));
        return command;
    }

    private static async Task FollowAsync(GatewayClient client, string room, bool json, long? since, CancellationToken cancel)
    {
        client.Gap += gap => Lines.Note(
            $"missed {gap.From} to {gap.To?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "the end"}: {gap.Reason}");
        var messages = client.ReadAllAsync(cancel);
        var position = await client.JoinAsync(room, cancel);
        for (long? after = since; after < position.Offset;)
        {
            var page = await client.HistoryAsync(room, limit: 1000, after: after, cancel: cancel);
            foreach (var entry in page.Messages.Where(entry => entry.Offset <= position.Offset))
                Show(new GatewayMessage(entry.Type, entry.Payload), json);
            if (!page.More || page.Messages.Count == 0) break;
            after = page.Messages[^1].Offset;
        }
        await foreach (var message in messages)
            if (message.Type is not "welcome")
                Show(message, json);
    }

    private static void Show(GatewayMessage message, bool json)
    {
        if (json)
        {
            var type = JsonSerializer.Serialize(message.Type, CliJson.Default.String);
            Console.WriteLine($"{{\"type\":{type},\"payload\":{message.Payload.GetRawText()}}}");
        }
        else if (message.Type == "chat"
            && message.Payload.TryGetProperty("content", out var content)
            && message.Payload.TryGetProperty("username", out var user)
            && message.Payload.TryGetProperty("time", out var time))
            Lines.Show(new ChatMessage("", "", user.GetString() ?? "", content.GetString() ?? "", time.GetDateTimeOffset(), null, null));
        else Console.WriteLine($"{Lines.Clean(message.Type)} {Lines.Clean(message.Payload.GetRawText())}");
    }
}
