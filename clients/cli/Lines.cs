using System.Globalization;
using Gateway.Client;
using Spectre.Console;

namespace Gateway.Cli;

/// <summary>
/// Reads and writes lines: colored at a terminal, plain if redirected. Text of other users is never interpreted as markup.
/// </summary>
internal static class Lines
{
    public static void Show(ChatMessage chat)
    {
        var (time, user, content) = (
            chat.Time.ToLocalTime().ToString("HH:mm:ss", CultureInfo.InvariantCulture), Clean(chat.Username), Clean(chat.Content));
        if (Console.IsOutputRedirected) Console.WriteLine($"{time} {user} {content}");
        else AnsiConsole.MarkupLineInterpolated($"[grey]{time}[/] [blue]{user}[/] {content}");
    }

    /// <summary>Writes a line about the connection.</summary>
    public static void Note(string text)
    {
        if (!string.IsNullOrWhiteSpace(text)) Console.Error.WriteLine($"-- {Clean(text)}");
    }

    /// <returns>The next line; <c>null</c> at the end of the input.</returns>
    public static async Task<string?> ReadAsync(CancellationToken cancel) =>
        await Task.Run(Console.In.ReadLine, CancellationToken.None).WaitAsync(cancel); // reading from a terminal cannot be cancelled

    /// <summary>Removes control characters, which could change the terminal.</summary>
    public static string Clean(string text) => string.Concat(text.Select(character => char.IsControl(character) ? ' ' : character));
}
