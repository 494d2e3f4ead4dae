using Gateway.Core.Wire;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.Core.Commands;

/// <summary>Runs an application's handler: each call in a service scope of its own, from which the handler comes.</summary>
internal sealed class ScopedCommandHandler<THandler>(IServiceScopeFactory scopes) : ICommandHandler
    where THandler : ICommandHandler
{
    public ValueTask<CommandResult> HandleAsync(CommandContext context, ReadOnlySpan<byte> payload)
    {
        var scope = scopes.CreateAsyncScope();
        ValueTask<CommandResult> outcome;
        try
        {
            outcome = scope.ServiceProvider.GetRequiredService<THandler>().HandleAsync(context, payload);
        }
        catch (Exception fault)
        {
            outcome = ValueTask.FromException<CommandResult>(fault);
        }
        return CompleteAsync(scope, outcome, context.Type);
    }

    private static async ValueTask<CommandResult> CompleteAsync(AsyncServiceScope scope, ValueTask<CommandResult> outcome, string type)
    {
        await using (scope.ConfigureAwait(false)) return Checked(await outcome.ConfigureAwait(false), type);
    }

    /// <summary>The result goes out as it is, so anything but one JSON value would break the frame around it.</summary>
    private static CommandResult Checked(CommandResult outcome, string type)
    {
        if (outcome.Error != null) return outcome;
        if (outcome.Result.IsEmpty) return CommandResult.Done();
        return JsonRules.Check(outcome.Result.Span) is { } malformed
            ? throw new InvalidOperationException($"the result of {type} is not one JSON value: {malformed.Text}")
            : outcome;
    }
}
