using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gateway.Client;
using Spectre.Console;

namespace Gateway.Cli.Commands;

/// <summary><c>gateway-cli publish ROOM [TEXT…]</c>: publishes each text, or each line of standard input, as a message.</summary>
internal static class PublishCommand
{
    public static Command Make(Func<ParseResult, string?, Session> connect)
    {
        var room = new Argument<string>("room") { Description = "The room" };
        var texts = new Argument<string[]>("texts")
        {
            Description = "The messages; without them, each line of standard input is one",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var type = new Option<string>("--type")
        {
            Description = "The type of the messages; unless it is chat, each text is a payload in JSON",
            DefaultValueFactory = _ => "chat",
        };
        var command = new Command("publish", "Publish messages and exit") { room, texts, type };
        command.SetAction((result, cancel) => connect(result, null).RunAsync(
            (client, over) => SayAllAsync(client, result.GetValue(room)!, result.GetValue(texts)!, result.GetValue(type)!, over), cancel));
        return command;
    }

    private static async Task SayAllAsync(GatewayClient client, string room, string[] texts, string type, CancellationToken cancel)
    {
        await client.JoinAsync(room, cancel);
        if (texts.Length > 0)
        {
            foreach (var text in texts) await SayAsync(client, room, text, type, cancel);
            return;
        }
        var said = 0L;
        async Task SayLinesAsync(Action progress)
        {
            while (await Lines.ReadAsync(cancel) is { } line)
            {
                if (line.Length == 0) continue;
                await SayAsync(client, room, line, type, cancel);
                said++;
                progress();
            }
        }
        if (Console.IsInputRedirected && !Console.IsErrorRedirected)
        {
            var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
            await console.Status().StartAsync("publishing", status => SayLinesAsync(() => status.Status($"{said} published")));
        }
        else
        {
            await SayLinesAsync(static () => { });
        }
    }

    private static async Task SayAsync(GatewayClient client, string room, string text, string type, CancellationToken cancel)
    {
        if (type == "chat")
        {
            await client.ChatAsync(text, room, cancel);
            return;
        }
        JsonNode? payload;
        try
        {
            payload = JsonNode.Parse(text);
        }
        catch (JsonException fault)
        {
            throw new ArgumentException($"not JSON: {fault.Message}");
        }
        if (payload is JsonObject fields && !fields.ContainsKey("room")) fields["room"] = room;
        await client.SendAsync(type, payload, cancel);
    }
}
