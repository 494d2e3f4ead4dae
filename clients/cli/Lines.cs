using System.Globalization;
using Gateway.Client;
using Spectre.Console;

namespace Gateway.Cli;

/// <summary>Lines in and out: coloured at a terminal, plain where they are redirected. What others have written is text, never markup.</summary>
internal static class Lines
{
    public static void Show(ChatMessage chat)
    {
        var (time, user, content) = (chat.Time.ToLocalTime().ToString("HH:mm:ss", CultureInfo.InvariantCulture), Clean(chat.Username), Clean(chat.Content));
        if (Console.IsOutputRedirected) Console.WriteLine($"{time} {user} {content}");
        else AnsiConsole.MarkupLineInterpolated($"[grey]{time}[/] [blue]{user}[/] {content}");
    }

    /// <summary>About the connection, not of the conversation.</summary>
    public static void Note(string text)
    {
        if (!string.IsNullOrWhiteSpace(text)) Console.Error.WriteLine($"-- {Clean(text)}");
    }

    /// <returns><c>null</c> at the end.</returns>
    public static async Task<string?> ReadAsync(CancellationToken cancel) =>
        await Task.Run(Console.In.ReadLine, CancellationToken.None).WaitAsync(cancel); // reading from a terminal cannot be cancelled

    /// <summary>Without what could change the terminal.</summary>
    public static string Clean(string text) => string.Concat(text.Select(character => char.IsControl(character) ? ' ' : character));
}
