using System.Text.Json;
using System.Text.RegularExpressions;
using Gateway.Client.SignalR;
using Gateway.Testing;

namespace Gateway.Client.Tests;

/// <summary>What the packages promise to those who build on them.</summary>
public sealed partial class PackageTests
{
    /// <summary>After an intended change, run it once with <c>UPDATE_PUBLIC_API=1</c> in the environment.</summary>
    [Theory]
    [InlineData(typeof(GatewayClient), "clients/dotnet/Gateway.Client")]
    [InlineData(typeof(ResumingHubConnection), "clients/dotnet/Gateway.Client.SignalR")]
    public void PublicApiIsTheOneThatIsListed(Type member, string folder) =>
        Assert.Empty(PublicApi.Differences(member.Assembly, folder));

    [Fact]
    public void EveryPackageHasTheSameVersion()
    {
        var version = Version().Match(File.ReadAllText(Path.Combine(Repository.Root, "Directory.Build.props"))).Groups[1].Value;
        foreach (var file in new[] { "package.json", "package-lock.json" })
        {
            using var json = JsonDocument.Parse(File.ReadAllText(Path.Combine(Repository.Root, "clients", "js", file)));
            Assert.Equal(version, json.RootElement.GetProperty("version").GetString());
        }
        Assert.Contains($"gateway-client-{version}.tgz", File.ReadAllText(Path.Combine(Repository.Root, "clients", "js", "README.md")));
    }

    /// <summary>A registry shows the readme alone, so a link to a file of the repository would lead nowhere.</summary>
    [Fact]
    public void ReadmeOfAPackageStandsAlone()
    {
        var readmes = Directory.GetFiles(Path.Combine(Repository.Root, "packaging"), "*.md");
        Assert.NotEmpty(readmes);
        foreach (var readme in readmes) Assert.DoesNotMatch(RelativeLink(), File.ReadAllText(readme));
    }

    [GeneratedRegex(@"\]\((?!https?://|#)")]
    private static partial Regex RelativeLink();

    [GeneratedRegex("<Version>(.+)</Version>")]
    private static partial Regex Version();
}
