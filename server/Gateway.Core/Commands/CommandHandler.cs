using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Gateway.Core.Messages;
using Gateway.Core.Wire;

namespace Gateway.Core.Commands;

/// <summary>
/// A command whose payload is read as a <typeparamref name="TPayload"/>: JSON names are in snake_case, and every constructor parameter
/// without a default is required. A payload that does not fit is answered with the error 400, and the handler is not called. For any JSON
/// use <see cref="JsonElement"/>.
/// </summary>
public abstract class CommandHandler<TPayload> : ICommandHandler
{
    private const int MaxPathLength = 64;

    private readonly JsonTypeInfo<TPayload> _typeInfo;

    /// <summary>Reads payloads by reflection.</summary>
    [RequiresUnreferencedCode(CommandJson.Untrimmed), RequiresDynamicCode(CommandJson.Untrimmed)]
    protected CommandHandler() => _typeInfo = CommandJson.TypeOf<TPayload>();

    /// <summary>Reads payloads by a source-generated serializer, whose options apply.</summary>
    protected CommandHandler(JsonTypeInfo<TPayload> typeInfo) => _typeInfo = typeInfo;

    /// <summary>Carries out the command.</summary>
    /// <inheritdoc cref="ICommandHandler.HandleAsync"/>
    protected abstract ValueTask<CommandResult> HandleAsync(CommandContext context, TPayload payload);

    ValueTask<CommandResult> ICommandHandler.HandleAsync(CommandContext context, ReadOnlySpan<byte> payload)
    {
        if (JsonRules.Check(payload) is { } malformed) return (CommandResult)malformed;
        TPayload? value;
        try
        {
            value = JsonSerializer.Deserialize(payload, _typeInfo);
        }
        catch (JsonException fault)
        {
            return (CommandResult)Error.BadRequest($"the payload does not fit {context.Type}{At(fault.Path)}");
        }
        return value is null ? (CommandResult)Error.BadRequest($"{context.Type} needs a payload") : HandleAsync(context, value);
    }

    /// <summary>The exception's own text would name a type of the application.</summary>
    private static string At(string? path) => path is null or "$" || path.Length > MaxPathLength ? "" : $": see {path}";
}
