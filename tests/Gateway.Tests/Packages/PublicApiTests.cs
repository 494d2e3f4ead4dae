using System.Reflection;
using Gateway.Testing;
using Xunit;

namespace Gateway.Tests.Packages;

/// <summary>What the server's packages offer. After an intended change, run <c>packaging/update-public-api.sh</c>.</summary>
public sealed class PublicApiTests
{
    [Theory]
    [InlineData("Gateway.Core")]
    [InlineData("Gateway.AspNetCore")]
    [InlineData("Gateway.Redis")]
    [InlineData("Gateway.OpenTelemetry")]
    public void PublicApiIsTheOneThatIsListed(string package) =>
        Assert.Empty(PublicApi.Differences(Assembly.Load(package), $"server/{package}"));
}
