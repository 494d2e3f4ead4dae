using System.Text.RegularExpressions;
using Xunit;

namespace Gateway.Core.Tests;

/// <summary>Who may import whom, read off the sources. The map is in docs/architecture.md.</summary>
public sealed partial class ArchitectureTests
{
    private static readonly string Root = FindRoot();

    /// <summary>Each room of the core, and the rooms of the core that it may import.</summary>
    private static readonly Dictionary<string, string[]> Core = new()
    {
        ["Messages"] = [],
        ["Wire"] = ["Messages"],
        ["Connections"] = ["Messages", "Wire"],
        ["Rooms"] = ["Messages", "Wire", "Connections"],
        ["Broadcast"] = ["Messages", "Wire", "Connections", "Rooms"],
        ["Commands"] = ["Messages", "Wire", "Connections", "Rooms", "Broadcast"],
    };

    [Fact]
    public void CoreRoomsImportOnlyWhatStandsBelowThem() => Check("server/Gateway.Core", (folder, import) =>
        import.StartsWith("Gateway.Core.", StringComparison.Ordinal) && import.Split('.')[2] is var room && room != folder && !Core[folder].Contains(room));

    [Fact]
    public void CoreKnowsNeitherItsHostsNorTheirLibraries() => Check("server/Gateway.Core", (_, import) =>
        HostLibraries().IsMatch(import) || (import.StartsWith("Gateway.", StringComparison.Ordinal) && !import.StartsWith("Gateway.Core", StringComparison.Ordinal)));

    [Fact]
    public void CoreConsistsOfTheRoomsOnTheMap() =>
        Assert.Equal(Core.Keys.Order(), Directory.GetDirectories(Path.Combine(Root, "server/Gateway.Core")).Select(d => Path.GetFileName(d)!).Where(d => d is not ("bin" or "obj")).Order());

    [Theory]
    [InlineData("Raw")]
    [InlineData("SignalR")]
    [InlineData("Redis")]
    public void DialectsAndBackplaneDoNotImportOneAnother(string folder) => Check($"server/Gateway/{folder}", (_, import) =>
        new[] { "Raw", "SignalR", "Redis" }.Where(other => other != folder).Any(other => import == $"Gateway.{other}"));

    [Fact]
    public void OnlyTheCompositionRootKnowsTheDialectsAndTheBackplane() => Check("server/Gateway", (folder, import) =>
        folder is not ("" or "Raw" or "SignalR" or "Redis") && import is "Gateway.Raw" or "Gateway.SignalR" or "Gateway.Redis" && folder != "");

    [Fact]
    public void ClientsNeverImportTheServer()
    {
        Check("clients", (_, import) => import.StartsWith("Gateway", StringComparison.Ordinal) && !import.StartsWith("Gateway.Client", StringComparison.Ordinal));
        Assert.DoesNotContain(Directory.EnumerateFiles(Path.Combine(Root, "clients"), "*.csproj", SearchOption.AllDirectories), p => File.ReadAllText(p).Contains("server/", StringComparison.Ordinal));
    }

    /// <param name="isForbidden">Gets the file's folder below <paramref name="below"/> and the namespace that it imports.</param>
    private static void Check(string below, Func<string, string, bool> isForbidden)
    {
        var folder = Path.Combine(Root, below);
        var faults = new List<string>();
        var files = 0;
        foreach (var file in Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories))
        {
            var relative = Path.GetRelativePath(folder, file).Replace('\\', '/');
            if (relative.Split('/').Any(part => part is "bin" or "obj" or "node_modules")) continue;
            files++;
            var room = relative.Contains('/') ? relative.Split('/')[0] : "";
            var lines = File.ReadAllLines(file);
            for (var i = 0; i < lines.Length; i++)
                if (Import().Match(lines[i]) is { Success: true } match && isForbidden(room, match.Groups[1].Value))
                    faults.Add($"{below}/{relative}:{i + 1} imports {match.Groups[1].Value}");
        }
        Assert.True(files > 0, $"no sources in {below}");
        Assert.True(faults.Count == 0, string.Join('\n', faults));
    }

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder != null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "Gateway.sln")))
                return folder.FullName;
        throw new InvalidOperationException("Gateway.sln was not found above " + AppContext.BaseDirectory);
    }

    [GeneratedRegex(@"^\s*(?:global\s+)?using\s+(?:static\s+)?(?:\w+\s*=\s*)?([\w.]+);")]
    private static partial Regex Import();

    [GeneratedRegex(@"^(Microsoft\.AspNetCore|StackExchange\.Redis|YamlDotNet|OpenTelemetry|Microsoft\.Extensions\.(Hosting|DependencyInjection|Configuration))\b")]
    private static partial Regex HostLibraries();
}
