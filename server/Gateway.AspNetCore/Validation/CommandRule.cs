using Gateway.AspNetCore.Options;
using Gateway.Core.Commands;
using Gateway.Core.Messages;
using Microsoft.Extensions.Options;

namespace Gateway.AspNetCore.Validation;

/// <summary>No type of <c>messages.custom</c> is a command of the application.</summary>
internal sealed class CommandRule(IEnumerable<CommandRegistration> commands) : IValidateOptions<GatewayOptions>
{
    public ValidateOptionsResult Validate(string? name, GatewayOptions options)
    {
        var clashes = options.Messages.Custom.Keys
            .Where(type => commands.Any(command => MessageType.Comparer.Equals(command.Type, type)))
            .Select(type => $"messages.custom.{type} is not allowed: the application adds a command of this type; rename one of them")
            .ToList();
        return clashes.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(clashes);
    }
}
