using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Gateway.Core.Hosting;

/// <summary>
/// The services of one broadcast domain. The default domain lives in the application's container, each named one in its own.
/// </summary>
/// <param name="name">Empty for the default domain.</param>
/// <param name="application">The application's services; <c>null</c> for the default domain.</param>
public sealed class DomainServices(IServiceCollection services, string name, IServiceProvider? application)
{
    /// <summary>The services of the domain.</summary>
    public IServiceCollection Services => services;

    /// <summary>Empty for the default domain.</summary>
    public string Name => name;

    /// <summary>Whether this is the default domain.</summary>
    public bool IsDefault => application == null;

    /// <summary>A service of the application, for a named domain.</summary>
    public T OfApplication<T>()
        where T : notnull =>
        application == null
            ? throw new InvalidOperationException("The default domain's services are the application's.")
            : application.GetRequiredService<T>();

    /// <summary>
    /// Registers what all domains of the process share. The default domain makes it; a named one gets the same instance, which its
    /// container does not dispose of.
    /// </summary>
    public DomainServices Share<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] T>(
        Func<IServiceProvider, T>? create = null)
        where T : class
    {
        if (application != null) services.Replace(ServiceDescriptor.Singleton(OfApplication<T>()));
        else if (create != null) services.AddSingleton(create);
        else services.AddSingleton<T>();
        return this;
    }
}
