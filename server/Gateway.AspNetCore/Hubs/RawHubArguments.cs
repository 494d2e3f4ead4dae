using System.Text;
using System.Text.Json;
using Gateway.Core.Messages;
using Microsoft.AspNetCore.SignalR;

namespace Gateway.AspNetCore.Hubs;

/// <summary>Reads the arguments of a call from its payload, with the application's serializer options.</summary>
internal sealed partial class RawHubArguments(JsonSerializerOptions json, bool detailedErrors, ILogger logger)
{
    private readonly JsonReaderOptions _reader = new() { MaxDepth = json.MaxDepth };

    /// <summary>One parameter takes the payload itself, several take the elements of an array.</summary>
    /// <param name="method">The name of the method.</param>
    /// <param name="payload">One JSON value.</param>
    /// <param name="types">The types of the parameters.</param>
    /// <param name="arguments">The arguments.</param>
    public Error? Read(string method, ReadOnlySpan<byte> payload, IReadOnlyList<Type> types, out object?[] arguments)
    {
        arguments = types.Count == 0 ? [] : new object?[types.Count];
        var reader = new Utf8JsonReader(payload, _reader);
        reader.Read();
        if (types.Count == 1) return ReadOne(ref reader, method, types[0], arguments, 0);
        if (types.Count == 0 && reader.TokenType == JsonTokenType.Null) return null;
        if (reader.TokenType != JsonTokenType.StartArray) return WrongNumber(method, types.Count);
        for (var i = 0; i < types.Count; i++)
        {
            reader.Read();
            if (reader.TokenType == JsonTokenType.EndArray) return WrongNumber(method, types.Count);
            if (ReadOne(ref reader, method, types[i], arguments, i) is { } error) return error;
        }
        reader.Read();
        return reader.TokenType == JsonTokenType.EndArray ? null : WrongNumber(method, types.Count);
    }

    /// <summary>Reads the ids of the streams that the client will send.</summary>
    /// <param name="value">The field <c>streams</c>, or empty.</param>
    /// <param name="binder">Knows the streams that run.</param>
    /// <param name="streams">The ids as JSON; <c>null</c> if there is none.</param>
    public static Error? ReadStreams(ReadOnlySpan<byte> value, IInvocationBinder binder, out string[]? streams)
    {
        streams = null;
        if (value.IsEmpty || value.SequenceEqual("null"u8)) return null;
        var reader = new Utf8JsonReader(value);
        reader.Read();
        var ids = new List<string>();
        if (reader.TokenType != JsonTokenType.StartArray) return Error.BadRequest("streams must be an array of ids");
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType is not (JsonTokenType.String or JsonTokenType.Number))
                return Error.BadRequest("streams must be an array of ids");
            var id = Encoding.UTF8.GetString(value[(int)reader.TokenStartIndex..(int)reader.BytesConsumed]);
            if (ids.Contains(id) || ItemTypeOf(id, binder) != null) return new Error(409, $"a stream with the id {id} is open");
            ids.Add(id);
        }
        if (ids.Count > 0) streams = [.. ids];
        return null;
    }

    /// <returns>The type of the items of a stream that the client sends, or <c>null</c>.</returns>
    public static Type? ItemTypeOf(string stream, IInvocationBinder binder)
    {
        try
        {
            return binder.GetStreamItemType(stream);
        }
        catch (KeyNotFoundException)
        {
            return null;
        }
    }

    /// <param name="value">One JSON value, or empty.</param>
    /// <param name="text">The string; <c>null</c> for none.</param>
    /// <returns><c>false</c> if it is something else.</returns>
    public static bool TryReadText(ReadOnlySpan<byte> value, out string? text)
    {
        text = null;
        if (value.IsEmpty || value.SequenceEqual("null"u8)) return true;
        if (value[0] != '"') return false;
        try
        {
            text = JsonSerializer.Deserialize<string>(value);
            return true;
        }
        catch (JsonException)
        {
            return false; // half a surrogate pair
        }
    }

    private static Error WrongNumber(string method, int expected) => Error.BadRequest(
        expected == 0 ? $"{method} takes no arguments" : $"{method} takes {expected} arguments: send an array of {expected} as payload");

    private Error? ReadOne(ref Utf8JsonReader reader, string method, Type type, object?[] arguments, int index)
    {
        try
        {
            arguments[index] = JsonSerializer.Deserialize(ref reader, type, json);
            return null;
        }
        catch (JsonException fault)
        {
            var where = fault.Path is { Length: > 1 } path ? $" at {path}" : "";
            var text = arguments.Length == 1
                ? $"the payload does not fit the argument of {method}{where}"
                : $"argument {index + 1} of {method} does not fit{where}";
            return Error.BadRequest(detailedErrors ? $"{text}: {fault.Message}" : text);
        }
        catch (Exception fault)
        {
            Log.NotRead(logger, fault, index + 1, method);
            return detailedErrors ? new Error(Error.Internal.Code, fault.Message) : Error.Internal;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "Argument {Number} of {Method} cannot be read")]
        public static partial void NotRead(ILogger logger, Exception fault, int number, string method);
    }
}
