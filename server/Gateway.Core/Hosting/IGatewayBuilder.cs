using Microsoft.Extensions.DependencyInjection;

namespace Gateway.Core.Hosting;

/// <summary>Adds parts to a gateway. <c>AddGateway</c> returns it.</summary>
public interface IGatewayBuilder
{
    /// <summary>The application's services.</summary>
    IServiceCollection Services { get; }

    /// <summary>
    /// Connects this replica to others: <paramref name="configure"/> registers the implementations of <c>IBackplane</c> and of what else
    /// replicas share. It runs for the default domain at once, and for each named domain when the application starts.
    /// </summary>
    IGatewayBuilder UseBackplane(Action<DomainServices> configure);
}
