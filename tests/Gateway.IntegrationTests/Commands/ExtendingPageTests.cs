using Gateway.Testing;

namespace Gateway.IntegrationTests.Commands;

public sealed class ExtendingPageTests
{
    /// <summary>CommandTests and ConnectionObserverTests show that they do what the page says.</summary>
    [Theory]
    [InlineData("PlaceOrderHandler.cs", 12)]
    [InlineData("Online.cs", 15)]
    public void PageShowsTheCodeAsItIsCompiled(string file, int most)
    {
        var page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "extending.md"));
        var code = File.ReadAllText(Path.Combine(Repository.Root, "tests", "Gateway.IntegrationTests", "Commands", file));

        Assert.Contains("```csharp\n" + code + "```", page, StringComparison.Ordinal);
        Assert.InRange(code.Split('\n').Count(line => line.Trim().Length > 1), 1, most); // braces do not count
    }
}
