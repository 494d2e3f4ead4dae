namespace Gateway.Core.Tests;

/// <summary>Who may import whom, read off the sources. The map is in docs/architecture.md.</summary>
public sealed class ArchitectureTests
{
    private static readonly string Root = FindRoot();

    /// <summary>Each room of the core, and the rooms of the core that it may import.</summary>
    private static readonly Dictionary<string, string[]> Core = new()
    {
        ["Supervision"] = [],
        ["Messages"] = [],
        ["Wire"] = ["Messages"],
        ["Limits"] = ["Supervision"],
        ["Connections"] = ["Supervision", "Messages", "Wire", "Limits"],
        ["Rooms"] = ["Messages", "Wire", "Connections"],
        ["Presence"] = ["Supervision", "Messages", "Wire", "Connections", "Rooms"],
        ["Broadcast"] = ["Supervision", "Messages", "Wire", "Connections", "Rooms", "Presence"],
        ["Cluster"] = ["Supervision", "Messages", "Wire", "Connections", "Rooms", "Presence", "Broadcast"],
        ["Moderation"] = ["Supervision", "Messages", "Wire", "Connections", "Broadcast", "Cluster"],
        ["Commands"] = ["Supervision", "Messages", "Wire", "Connections", "Rooms", "Presence", "Broadcast", "Cluster", "Moderation", "Limits"],
    };

    private static readonly string[] HostLibraries =
    [
        "Microsoft.AspNetCore", "StackExchange.Redis", "YamlDotNet", "OpenTelemetry",
        "Microsoft.Extensions.Hosting", "Microsoft.Extensions.DependencyInjection", "Microsoft.Extensions.Configuration",
    ];

    private static readonly string[] Parallel = ["Raw", "SignalR", "Frames", "Redis"];

    [Fact]
    public void CoreRoomsImportOnlyWhatStandsBelowThem() => Check("server/Gateway.Core", (folder, import) =>
        Core.Keys.Any(room => room != folder && !Core[folder].Contains(room) && import.IsIn("Gateway.Core." + room)));

    [Fact]
    public void CoreKnowsNeitherItsHostsNorTheirLibraries() => Check("server/Gateway.Core", (_, import) =>
        HostLibraries.Any(import.IsIn) || (import.IsIn("Gateway") && !import.IsIn("Gateway.Core")));

    [Fact]
    public void CoreConsistsOfTheRoomsOnTheMap() =>
        Assert.Equal(Core.Keys.Order(), Directory.GetDirectories(Path.Combine(Root, "server/Gateway.Core")).Select(d => Path.GetFileName(d)!).Where(d => d is not ("bin" or "obj")).Order());

    [Theory]
    [InlineData("Raw")]
    [InlineData("SignalR")]
    [InlineData("Frames")]
    [InlineData("Redis")]
    public void DialectsAndBackplaneDoNotImportOneAnother(string own) => Check($"server/Gateway/{own}", (_, import) =>
        Parallel.Where(other => other != own).Any(other => import.IsIn("Gateway." + other) || import.IsIn(other)));

    [Fact]
    public void OnlyTheCompositionRootKnowsTheDialectsAndTheBackplane() => Check("server/Gateway", (folder, import) =>
        folder != "" && !Parallel.Contains(folder) && Parallel.Any(one => import.IsIn("Gateway." + one)));

    [Fact]
    public void NamespaceFollowsFromTheFolder()
    {
        foreach (var project in new[] { "Gateway.Core", "Gateway" })
        {
            Report(Sources("server/" + project).SelectMany(source =>
            {
                var expected = Path.GetDirectoryName(source.Path)!["server/".Length..].Replace('/', '.');
                return source.Namespaces.Where(declared => declared.Name != expected)
                    .Select(declared => $"{source.Path}:{declared.Line} declares {declared.Name} in the folder of {expected}");
            }));
        }
    }

    [Fact]
    public void ClientsNeverImportTheServer()
    {
        Check("clients", (_, import) => import.IsIn("Gateway") && !import.IsIn("Gateway.Client") && !import.IsIn("Gateway.Cli"));
        Assert.DoesNotContain(Directory.EnumerateFiles(Path.Combine(Root, "clients"), "*.csproj", SearchOption.AllDirectories), p => File.ReadAllText(p).Contains("server/", StringComparison.Ordinal));
    }

    /// <param name="isForbidden">Gets the file's first folder below <paramref name="below"/> and what the file imports.</param>
    private static void Check(string below, Func<string, SourceName, bool> isForbidden) => Report(Sources(below).SelectMany(source =>
    {
        var rest = source.Path[(below.Length + 1)..];
        var folder = rest.Contains('/') ? rest.Split('/')[0] : "";
        return source.Imports.Where(import => isForbidden(folder, import)).Select(import => $"{source.Path}:{import.Line} imports {import.Name}");
    }));

    private static void Report(IEnumerable<string> faults) => Assert.True(!faults.Any(), string.Join('\n', faults));

    private static List<SourceFile> Sources(string below)
    {
        var sources = Directory.EnumerateFiles(Path.Combine(Root, below), "*.cs", SearchOption.AllDirectories)
            .Select(file => (File: file, Relative: Path.GetRelativePath(Root, file).Replace('\\', '/')))
            .Where(source => !source.Relative.Split('/').Any(part => part is "bin" or "obj" or "node_modules"))
            .Select(source => SourceFile.Read(source.Relative, File.ReadLines(source.File)))
            .ToList();
        Assert.True(sources.Count > 0, $"no sources in {below}");
        return sources;
    }

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder != null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "Gateway.sln")))
                return folder.FullName;
        throw new InvalidOperationException("Gateway.sln was not found above " + AppContext.BaseDirectory);
    }
}
