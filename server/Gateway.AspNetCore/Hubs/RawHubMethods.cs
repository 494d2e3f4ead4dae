using System.Collections.Frozen;
using System.Reflection;
using System.Text;
using System.Threading.Channels;
using Microsoft.AspNetCore.SignalR;

namespace Gateway.AspNetCore.Hubs;

/// <summary>The methods of a hub that clients may call, as SignalR finds them. Names are compared without regard to case.</summary>
internal sealed class RawHubMethods
{
    public const int MaxNameBytes = 256;

    private readonly FrozenDictionary<string, RawHubMethod> _methods;
    private readonly FrozenDictionary<string, RawHubMethod>.AlternateLookup<ReadOnlySpan<char>> _byName;

    private RawHubMethods(IEnumerable<RawHubMethod> methods)
    {
        // SignalR itself refuses two methods of one name.
        _methods = methods.DistinctBy(method => method.Name, StringComparer.OrdinalIgnoreCase)
            .ToFrozenDictionary(method => method.Name, StringComparer.OrdinalIgnoreCase);
        _byName = _methods.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    public static RawHubMethods Of(Type hub) => new(
        hub.GetMethods(BindingFlags.Public | BindingFlags.Instance)
            .Except(hub.GetInterfaces().Where(type => type == typeof(IDisposable))
                .SelectMany(type => hub.GetInterfaceMap(type).TargetMethods))
            .Where(IsHubMethod)
            .Select(method => new RawHubMethod(
                method.GetCustomAttribute<HubMethodNameAttribute>()?.Name ?? method.Name, IsStream(method.ReturnType))));

    public bool TryFind(ReadOnlySpan<byte> name, out RawHubMethod method)
    {
        method = default;
        if (name.Length > MaxNameBytes) return false;
        Span<char> characters = stackalloc char[MaxNameBytes];
        var length = Encoding.UTF8.GetChars(name, characters);
        return _byName.TryGetValue(characters[..length], out method);
    }

    private static bool IsHubMethod(MethodInfo method)
    {
        var declaring = method.GetBaseDefinition().DeclaringType!;
        if (declaring.IsGenericType) declaring = declaring.GetGenericTypeDefinition();
        return !method.IsSpecialName && declaring != typeof(object) && declaring != typeof(Hub);
    }

    /// <summary>Returns whether a method of this return type yields items.</summary>
    private static bool IsStream(Type returned)
    {
        if (returned.IsGenericType && returned.GetGenericTypeDefinition() is var wrapper
            && (wrapper == typeof(Task<>) || wrapper == typeof(ValueTask<>)))
            returned = returned.GetGenericArguments()[0];
        return IsStreamItself(returned) || returned.GetInterfaces().Any(IsStreamItself) || BasesOf(returned).Any(IsStreamItself);
    }

    private static bool IsStreamItself(Type type) =>
        type.IsGenericType && type.GetGenericTypeDefinition() is var open
            && (open == typeof(IAsyncEnumerable<>) || open == typeof(ChannelReader<>));

    private static IEnumerable<Type> BasesOf(Type type)
    {
        for (var parent = type.BaseType; parent != null; parent = parent.BaseType) yield return parent;
    }
}

/// <summary>A method of a hub.</summary>
/// <param name="Name">The name as the hub writes it.</param>
/// <param name="IsStream">Whether it yields items before its end.</param>
internal readonly record struct RawHubMethod(string Name, bool IsStream);
