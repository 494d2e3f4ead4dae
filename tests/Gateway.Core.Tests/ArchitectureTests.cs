namespace Gateway.Core.Tests;

/// <summary>Who may import whom, read off the sources. The map is in docs/architecture.md.</summary>
public sealed class ArchitectureTests
{
    private static readonly string Root = FindRoot();

    private static readonly List<MapProject> Map = ReadMap();

    private static readonly string[] HostLibraries =
        ["Microsoft.AspNetCore", "StackExchange.Redis", "YamlDotNet", "OpenTelemetry", "Microsoft.Extensions.Hosting"];

    [Fact]
    public void MapListsTheFoldersThatThereAre()
    {
        Assert.Equal(Map.Select(project => project.Path).Order(), Folders("server").Select(name => "server/" + name).Order());
        foreach (var project in Map) Assert.Equal(project.Folders.Order(), Folders(project.Path).Order());
    }

    [Fact]
    public void FoldersImportOnlyFoldersAboveThemOnTheMap()
    {
        foreach (var project in Map)
        {
            Check(project.Path, (folder, import) =>
                project.Folders.Skip(folder == "" ? project.Folders.Count : project.Folders.IndexOf(folder) + 1)
                    .Any(below => import.IsIn($"{project.Name}.{below}")));
        }
    }

    [Fact]
    public void ProjectsReferenceOnlyProjectsAboveThemOnTheMap()
    {
        for (var i = 0; i < Map.Count; i++)
        {
            var file = File.ReadAllText(Path.Combine(Root, Map[i].Path, Map[i].Name + ".csproj"));
            Assert.All(Map.Skip(i), below => Assert.DoesNotContain($"/{below.Name}.csproj", file, StringComparison.Ordinal));
        }
        Assert.DoesNotContain(
            "Gateway.Redis", File.ReadAllText(Path.Combine(Root, "server/Gateway.AspNetCore/Gateway.AspNetCore.csproj")),
            StringComparison.Ordinal);
        Assert.DoesNotContain(
            "Microsoft.AspNetCore", File.ReadAllText(Path.Combine(Root, "server/Gateway.Redis/Gateway.Redis.csproj")),
            StringComparison.Ordinal);
    }

    [Fact]
    public void CoreKnowsNeitherItsHostsNorTheirLibraries() => Check("server/Gateway.Core", (_, import) =>
        HostLibraries.Any(import.IsIn) || (import.IsIn("Gateway") && !import.IsIn("Gateway.Core")));

    [Theory]
    [InlineData("Raw")]
    [InlineData("SignalR")]
    [InlineData("Frames")]
    public void DialectsDoNotImportOneAnother(string own) => Check($"server/Gateway.AspNetCore/{own}", (_, import) =>
        new[] { "Raw", "SignalR", "Frames" }.Where(other => other != own).Any(other => import.IsIn("Gateway.AspNetCore." + other)));

    /// <summary>Extension methods are where IntelliSense looks for them: in the namespace of what they extend.</summary>
    [Fact]
    public void NamespaceFollowsFromTheFolder()
    {
        foreach (var project in Map)
        {
            Report(Sources(project.Path).SelectMany(source =>
            {
                var expected = Path.GetDirectoryName(source.Path)!["server/".Length..].Replace('/', '.');
                return source.Namespaces.Where(declared => declared.Name != expected && !IsExtensions(source.Path, declared.Name))
                    .Select(declared => $"{source.Path}:{declared.Line} declares {declared.Name} in the folder of {expected}");
            }));
        }
    }

    [Fact]
    public void ClientsNeverImportTheServer()
    {
        Check("clients", (_, import) => import.IsIn("Gateway") && !import.IsIn("Gateway.Client") && !import.IsIn("Gateway.Cli"));
        Assert.DoesNotContain(
            Directory.EnumerateFiles(Path.Combine(Root, "clients"), "*.csproj", SearchOption.AllDirectories),
            p => File.ReadAllText(p).Contains("server/", StringComparison.Ordinal));
    }

    /// <param name="isForbidden">Gets the file's first folder below <paramref name="below"/> and what the file imports.</param>
    private static void Check(string below, Func<string, SourceName, bool> isForbidden) => Report(Sources(below).SelectMany(source =>
    {
        var rest = source.Path[(below.Length + 1)..];
        var folder = rest.Contains('/') ? rest.Split('/')[0] : "";
        return source.Imports.Where(import => isForbidden(folder, import))
            .Select(import => $"{source.Path}:{import.Line} imports {import.Name}");
    }));

    private static bool IsExtensions(string path, string name) =>
        path.EndsWith("Extensions.cs", StringComparison.Ordinal)
            && name is "Microsoft.Extensions.DependencyInjection" or "Microsoft.AspNetCore.Builder";

    private static IEnumerable<string> Folders(string below) =>
        from folder in Directory.GetDirectories(Path.Combine(Root, below))
        let name = Path.GetFileName(folder)
        where name is not ("bin" or "obj") && Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Any(file => !file.Contains("/obj/") && !file.Contains("/bin/"))
        select name;

    /// <summary>
    /// The block of docs/architecture.md whose lines are paths: projects of the server at the margin, their folders indented.
    /// </summary>
    private static List<MapProject> ReadMap()
    {
        var projects = new List<MapProject>();
        var page = File.ReadLines(Path.Combine(Root, "docs/architecture.md")).SkipWhile(line => line != "## The map");
        foreach (var line in page.SkipWhile(line => line != "```").Skip(1).TakeWhile(line => line != "```"))
        {
            var path = line.TrimStart().Split('/')[0];
            if (line.StartsWith("server/", StringComparison.Ordinal)) projects.Add(new MapProject(line.Split('/')[1], []));
            else if (line.StartsWith("  ", StringComparison.Ordinal)) projects[^1].Folders.Add(path);
        }
        Assert.NotEmpty(projects);
        return projects;
    }

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

    private sealed record MapProject(string Name, List<string> Folders)
    {
        public string Path => "server/" + Name;
    }
}
