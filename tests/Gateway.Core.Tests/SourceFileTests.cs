namespace Gateway.Core.Tests;

/// <summary>The architecture tests' own eyes: what they overlook, nobody is told.</summary>
public sealed class SourceFileTests
{
    [Theory]
    [InlineData("using Gateway.Raw;", "Gateway.Raw")]
    [InlineData("  using Gateway.Raw;", "Gateway.Raw")]
    [InlineData("global using Gateway.Raw;", "Gateway.Raw")]
    [InlineData("using static Gateway.Raw.LingeringClose;", "Gateway.Raw.LingeringClose")]
    [InlineData("using Slow = Gateway.Raw.LingeringClose;", "Gateway.Raw.LingeringClose")]
    [InlineData("using Slow = global::Gateway.Raw.LingeringClose;", "Gateway.Raw.LingeringClose")]
    [InlineData("using Many = Gateway.Raw.Group<int>;", "Gateway.Raw.Group")]
    [InlineData("using Gateway.Raw; // why", "Gateway.Raw")]
    [InlineData("    private Gateway.Raw.LingeringClose? _linger;", "Gateway.Raw.LingeringClose")]
    [InlineData("    var a = new global::Gateway.Raw.LingeringClose();", "Gateway.Raw.LingeringClose")]
    [InlineData("    var a = new Raw.LingeringClose();", "Raw.LingeringClose")]
    [InlineData("    Take(typeof(StackExchange.Redis.IDatabase));", "StackExchange.Redis.IDatabase")]
    [InlineData("    var a = \"http://\" + Raw.LingeringClose.Text;", "Raw.LingeringClose.Text")]
    [InlineData("    /* here */ Raw.LingeringClose.Go();", "Raw.LingeringClose.Go")]
    public void NamesOfOthersAreSeen(string line, string expected) =>
        Assert.Equal(expected, Assert.Single(SourceFile.Read("a.cs", [line]).Imports).Name);

    [Theory]
    [InlineData("// using Gateway.Raw;")]
    [InlineData("/// <see cref=\"Gateway.Raw.LingeringClose\"/>")]
    [InlineData("   * Gateway.Raw.LingeringClose")]
    [InlineData("    Listen(options.Raw.Path);")]
    [InlineData("    Log(\"Gateway.Raw.LingeringClose\");")]
    [InlineData("    using var linger = Open();")]
    [InlineData("    Raw = new();")]
    [InlineData("namespace Gateway.Raw;")]
    public void WhatIsNoImportIsLeftAlone(string line) => Assert.Empty(SourceFile.Read("a.cs", [line]).Imports);

    [Theory]
    [InlineData("namespace Gateway.Raw;")]
    [InlineData("namespace Gateway.Raw {")]
    public void NamespaceIsSeen(string line) =>
        Assert.Equal(new SourceName("Gateway.Raw", 2), Assert.Single(SourceFile.Read("a.cs", ["", line]).Namespaces));

    [Theory]
    [InlineData("Gateway.Raw", true)]
    [InlineData("Gateway.Raw.LingeringClose", true)]
    [InlineData("Gateway.RawText", false)]
    [InlineData("Gateway", false)]
    public void NameIsInANamespaceByWholeWords(string name, bool expected) =>
        Assert.Equal(expected, new SourceName(name, 1).IsIn("Gateway.Raw"));
}
