using System.Diagnostics.CodeAnalysis;
using Gateway.Core.Commands;
using Gateway.Core.Connections;
using Gateway.Core.Hosting;
using Gateway.Core.Messages;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds an application's own commands and observers to a gateway.</summary>
public static class GatewayBuilderExtensions
{
    /// <summary>
    /// Adds a command: clients of every dialect and domain can send messages of this type. Each message is handled in a service scope of
    /// its own, by a new <typeparamref name="THandler"/>, unless you registered <typeparamref name="THandler"/> with another lifetime.
    /// </summary>
    /// <param name="type">1 to 64 of A-Z a-z 0-9 _ . : / -; case does not distinguish types.</param>
    /// <exception cref="ArgumentException">The type is malformed, built in, or has a handler already.</exception>
    public static IGatewayBuilder AddCommand<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] THandler>(
        this IGatewayBuilder builder, string type)
        where THandler : class, ICommandHandler
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(type);
        var fault = MessageType.Check(type) is { } malformed ? malformed.Text
            : MessageType.FindBuiltIn(type) is { } builtIn ? $"{builtIn} is the gateway's own type"
            : builder.Services.Any(IsSame) ? "it has a handler already (case does not matter)"
            : null;
        if (fault != null) throw new ArgumentException($"'{type}' cannot name a command: {fault}.", nameof(type));
        builder.Services.TryAddScoped<THandler>();
        builder.Services.AddSingleton(new CommandRegistration(
            type, application => new ScopedCommandHandler<THandler>(application.GetRequiredService<IServiceScopeFactory>())));
        return builder;

        bool IsSame(ServiceDescriptor service) =>
            service.ServiceType == typeof(CommandRegistration)
            && MessageType.Comparer.Equals(((CommandRegistration)service.ImplementationInstance!).Type, type);
    }

    /// <summary>
    /// Adds an observer that is told when connections of every dialect and domain begin and end. There is one instance of it.
    /// </summary>
    public static IGatewayBuilder AddConnectionObserver<
        [DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] TObserver>(this IGatewayBuilder builder)
        where TObserver : class, IConnectionObserver
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.AddSingleton<IConnectionObserver, TObserver>();
        return builder;
    }
}
