using System.Collections.Frozen;
using Gateway.Core.Messages;

namespace Gateway.Core.Commands;

/// <summary>
/// The handlers of one domain by their message types: built-in, of the application, and those that the configuration declares.
/// </summary>
internal sealed class CommandTable
{
    private readonly FrozenDictionary<string, Command> _commands;
    private readonly FrozenDictionary<string, Command>.AlternateLookup<ReadOnlySpan<char>> _byType;
    private readonly CustomMessageHandler? _unknown;

    /// <exception cref="InvalidOperationException">Two handlers have the same type.</exception>
    public CommandTable(
        IEnumerable<CommandRegistration> ofApplication, CustomTypes custom, CommandServices services, IServiceProvider provider)
    {
        var commands = new Dictionary<string, Command>(MessageType.Comparer);
        foreach (var (type, create) in BuiltInCommands.All.Concat(ofApplication)) Add(new Command(type, create(provider)));
        foreach (var (type, clientsPublish) in custom.Types) Add(new Command(type, new CustomMessageHandler(clientsPublish, services)));
        _commands = commands.ToFrozenDictionary(MessageType.Comparer);
        _byType = _commands.GetAlternateLookup<ReadOnlySpan<char>>();
        _unknown = custom.RelayUnknown ? new CustomMessageHandler(clientsPublish: true, services) : null;

        void Add(Command command)
        {
            if (commands.TryAdd(command.Type, command)) return;
            throw new InvalidOperationException($"two commands are named '{command.Type}': rename one (case does not matter)");
        }
    }

    /// <returns>Why there is no command of this type; <c>null</c> if there is.</returns>
    public Error? Find(ReadOnlySpan<char> type, out Command command)
    {
        if (_byType.TryGetValue(type, out command) && type.SequenceEqual(command.Type)) return null;
        // A known type in another case is not a type of its own: SignalR clients would take it for the known one.
        if (_unknown == null || command.Type != null || MessageType.FindBuiltIn(type) != null)
            return Error.BadRequest($"unknown message type: {type}");
        if (MessageType.Check(type) is { } malformed) return malformed;
        command = new Command(type.ToString(), _unknown);
        return null;
    }
}

internal readonly record struct Command(string Type, ICommandHandler Handler);

/// <summary>The types that the configuration declares.</summary>
/// <param name="RelayUnknown">Any other type is relayed to the sender's room as it is.</param>
internal sealed record CustomTypes(IReadOnlyList<(string Type, bool ClientsPublish)> Types, bool RelayUnknown);
