using Xunit;

namespace Gateway.Tests.Configuration;

public sealed class FileFaultTests : IDisposable
{
    private readonly ConfigurationFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void NamedFileMustExist() => Assert.Equal(
        ["none.yaml: cannot be read: there is no such file"], _folder.Errors(null, ["--config-file", "none.yaml"]));

    [Fact]
    public void DirectoryIsNoFile() => Assert.Equal(
        [_folder.Path + ": cannot be read: is a directory"], _folder.Errors(null, ["--config-file", _folder.Path]));

    [Fact]
    public void BytesThatAreNoTextAreRefused()
    {
        File.WriteAllBytes(Path.Combine(_folder.Path, "bytes.yaml"), [0x73, 0xFF, 0xFE]);

        Assert.Equal(["bytes.yaml: cannot be read: is not UTF-8 text"], _folder.Errors(null, ["--config-file=bytes.yaml"]));
    }

    [Fact]
    public void FileWithoutEndIsRefused()
    {
        _folder.Write("big.yaml", new string('#', 2 << 20));

        Assert.Equal(["big.yaml: cannot be read: is larger than 1 MiB"], _folder.Errors(null, ["--config-file=big.yaml"]));
    }

    [Theory]
    [InlineData("server:\n  port: [1\nraw: {}", "config/gateway.yaml:2:9: is not valid YAML from here on; is a bracket not closed?")]
    [InlineData("raw: {}\nserver:\n\tport: 1", "config/gateway.yaml:3:1")]
    [InlineData("server:\n  port: 1\n    host: a", "config/gateway.yaml:3:9")]
    [InlineData("server: \"open", "config/gateway.yaml:1:")]
    [InlineData("a: *nowhere", "config/gateway.yaml:1:4")]
    [InlineData("a: &self [*self]", "config/gateway.yaml:1:")]
    public void BrokenYamlIsReportedWithLineAndColumn(string yaml, string place)
    {
        var error = Assert.Single(_folder.Errors(yaml));

        Assert.StartsWith(place, error);
        Assert.Contains("is not valid YAML", error);
    }

    [Theory]
    [InlineData("just text")]
    [InlineData("- a\n- b")]
    public void FileWithoutSectionsIsRefused(string yaml) => Assert.Equal(
        ["config/gateway.yaml:1: must hold sections such as \"server:\", each with its keys below it"], _folder.Errors(yaml));

    [Fact]
    public void SecondDocumentIsRefused() =>
        Assert.Contains("more than one YAML document", Assert.Single(_folder.Errors("raw: {}\n---\nraw: {}")));

    [Fact]
    public void KeySetTwiceNamesBothLines() => Assert.Equal(
        [
            "server.port: set twice, first at config/gateway.yaml:2 (config/gateway.yaml:3)",
            "server: set twice, first at config/gateway.yaml:1 (config/gateway.yaml:4)",
        ],
        _folder.Errors("server:\n  port: 1\n  port: 2\nserver: {}"));

    [Fact]
    public void EndlessNestingIsRefused() => Assert.Contains("nested deeper", Assert.Single(_folder.Errors(new string('[', 100_000))));

    [Fact]
    public void ManyfoldAliasesCostNothing()
    {
        var levels = Enumerable.Range(1, 40).Select(level => $"a{level}: &a{level} [*a{level - 1}, *a{level - 1}]");

        Assert.Equal(41, _folder.Errors("a0: &a0 [x]\n" + string.Join('\n', levels)).Length);
    }

    [Fact]
    public void KeyThatIsNoTextIsRefused() =>
        Assert.Contains("a key must be plain text", Assert.Single(_folder.Errors("server: { ? [a] : b }")));

    [Fact]
    public void FaultsOfOtherSourcesAreReportedBesideABrokenFile() =>
        Assert.Equal(2, _folder.Errors("server: [", ["--server:port=x"]).Length);
}
