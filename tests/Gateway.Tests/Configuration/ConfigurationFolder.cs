using Gateway.Configuration;
using Xunit;

namespace Gateway.Tests.Configuration;

/// <summary>A directory of its own, in which the gateway is configured as if it were started there.</summary>
public sealed class ConfigurationFolder : IDisposable
{
    public ConfigurationFolder() => Directory.CreateDirectory(Path);

    public string Path { get; } = System.IO.Path.Combine(System.IO.Path.GetTempPath(), "gateway-" + Guid.NewGuid().ToString("N"));

    /// <summary>The repository's own files.</summary>
    public static string Repository { get; } = FindRepository();

    /// <returns>The file's full path.</returns>
    public string Write(string name, string content)
    {
        var path = System.IO.Path.Combine(Path, name);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        File.WriteAllText(path, content);
        return path;
    }

    /// <summary>Loads with this text as config/gateway.yaml, or without a file where it is null.</summary>
    internal ConfigurationResult Load(string? yaml, string[]? arguments = null, params (string Name, string Value)[] environment)
    {
        if (yaml is not null)
            Write("config/gateway.yaml", yaml);
        return ConfigurationLoader.Load(arguments ?? [], environment.ToDictionary(pair => pair.Name, pair => pair.Value), Path);
    }

    internal ProgramOptions Options(string? yaml, string[]? arguments = null, params (string Name, string Value)[] environment)
    {
        var result = Load(yaml, arguments, environment);
        if (result is ConfigurationResult.Invalid refused)
            Assert.Fail(string.Join('\n', refused.Errors));
        return Assert.IsType<ConfigurationResult.Loaded>(result).Options;
    }

    /// <returns>What the operator would read, a line for each fault.</returns>
    internal string[] Errors(string? yaml, string[]? arguments = null, params (string Name, string Value)[] environment) =>
        Assert.IsType<ConfigurationResult.Invalid>(Load(yaml, arguments, environment)).Errors.Select(error => error.ToString()).ToArray();

    public void Dispose() => Directory.Delete(Path, recursive: true);

    private static string FindRepository()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(System.IO.Path.Combine(directory.FullName, "Gateway.sln")))
            directory = directory.Parent ?? throw new InvalidOperationException("The tests run outside the repository.");
        return directory.FullName;
    }
}
