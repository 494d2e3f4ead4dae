namespace Gateway.Core.Commands;

/// <summary>A message type and what makes its handler, once for each domain.</summary>
/// <param name="Create">Gets the services of the domain; for a command that the application added, the application's.</param>
internal sealed record CommandRegistration(string Type, Func<IServiceProvider, ICommandHandler> Create);
