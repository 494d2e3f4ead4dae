using Gateway.Lifecycle;
using Xunit;

namespace Gateway.Tests.Lifecycle;

public sealed class RuntimeCheckTests
{
    [Theory]
    [InlineData("10.0.0")]
    [InlineData("10.0.10")]
    [InlineData("9.0.20")]
    public void OlderRuntimeIsRefusedWithTheReason(string version)
    {
        var problem = RuntimeCheck.Problem(new Version(version));

        Assert.StartsWith($"the .NET runtime is {version}, but the gateway needs 10.0.11 or later, ", problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("10.0.11")]
    [InlineData("10.1.0")]
    [InlineData("11.0.0")]
    public void NewerRuntimeIsWelcome(string version) => Assert.Null(RuntimeCheck.Problem(new Version(version)));
}
