using Microsoft.Extensions.DependencyInjection;

namespace Gateway.Core.Tests;

/// <summary>The services that a test has made, by their types. Every scope has the same ones.</summary>
internal sealed class TestServices(params object[] services) : IServiceProvider, IServiceScopeFactory, IServiceScope
{
    private int _endedScopes;

    public int EndedScopes => Volatile.Read(ref _endedScopes);

    public IServiceProvider ServiceProvider => this;

    public object? GetService(Type serviceType) => services.FirstOrDefault(serviceType.IsInstanceOfType);

    public IServiceScope CreateScope() => this;

    public void Dispose() => Interlocked.Increment(ref _endedScopes);
}
