using System.Buffers.Text;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Gateway.Core.Messages;

namespace Gateway.Core.Wire;

/// <summary>The names of the fields that a command reads from its payload, at most <see cref="Max"/>.</summary>
internal sealed class FieldNames(params string[] names)
{
    public const int Max = 8;

    /// <summary>The names in error texts.</summary>
    public IReadOnlyList<string> Names { get; private init; } = names;
    public byte[][] Utf8 { get; } = [.. names.Select(Encoding.UTF8.GetBytes)];

    /// <summary>Creates the names of the fields of a nested object.</summary>
    public static FieldNames Of(string outer, params string[] names) => new(names) { Names = [.. names.Select(name => $"{outer}.{name}")] };
}

/// <summary>
/// Finds the fields of a payload in one pass and without allocation. Other fields are ignored. <see cref="Error"/> keeps the first error;
/// after it, every getter returns an empty value.
/// </summary>
internal ref struct PayloadFields
{
    private static readonly JsonReaderOptions Options = new() { MaxDepth = JsonRules.MaxDepth };

    private readonly ReadOnlySpan<byte> _payload;
    private readonly FieldNames _names;
    private Values _values;

    public PayloadFields(ReadOnlySpan<byte> payload, FieldNames names)
    {
        _payload = payload;
        _names = names;
        try
        {
            Error = Find();
        }
        catch (JsonException fault)
        {
            Error = JsonRules.Describe(fault, payload);
        }
        catch (InvalidOperationException)
        {
            Error = JsonRules.InvalidText;
        }
    }

    public Error? Error { get; private set; }

    /// <summary>Returns the field's JSON value, as received, or empty if it is absent or <c>null</c>.</summary>
    public readonly ReadOnlySpan<byte> Raw(int field) => _payload[_values[field].Start.._values[field].End];

    public string? OptionalString(int field, int maxLength)
    {
        var raw = Text(field, required: false);
        if (Error != null || raw.IsEmpty) return null;
        return Decode(field, raw, maxLength);
    }

    public string RequiredString(int field, int maxLength)
    {
        var raw = Text(field, required: true);
        return Error != null ? "" : Decode(field, raw, maxLength);
    }

    public long? OptionalWhole(int field, long min, long max)
    {
        if (Error != null) return null;
        var raw = Raw(field);
        if (raw.IsEmpty) return null;
        if (Utf8Parser.TryParse(raw, out long value, out var used) && used == raw.Length && value >= min && value <= max) return value;
        var range = max == long.MaxValue ? $"of at least {min}" : $"from {min} to {max}";
        Error = Error.BadRequest($"{_names.Names[field]} must be a whole number {range}");
        return null;
    }

    /// <returns>The value; <c>false</c> if it is absent.</returns>
    public bool OptionalFlag(int field)
    {
        if (Error != null) return false;
        var raw = Raw(field);
        if (raw.IsEmpty || raw.SequenceEqual("false"u8)) return false;
        if (raw.SequenceEqual("true"u8)) return true;
        Error = Error.BadRequest($"{_names.Names[field]} must be true or false");
        return false;
    }

    public long RequiredWhole(int field, long min, long max)
    {
        if (OptionalWhole(field, min, max) is { } value) return value;
        Error ??= Error.BadRequest($"{_names.Names[field]} is missing");
        return 0;
    }

    /// <summary>Returns a well-formed JSON string, as received, with quotes.</summary>
    public ReadOnlySpan<byte> RequiredText(int field)
    {
        var raw = Text(field, required: true);
        if (Error != null) return default;
        var reader = new Utf8JsonReader(raw, Options);
        reader.Read();
        Error = JsonRules.CheckString(ref reader) == null ? null : Error.BadRequest($"{_names.Names[field]} holds half a surrogate pair");
        return raw;
    }

    private ReadOnlySpan<byte> Text(int field, bool required)
    {
        if (Error != null) return default;
        var raw = Raw(field);
        if (raw.IsEmpty && required) Error = Error.BadRequest($"{_names.Names[field]} is missing");
        else if (!raw.IsEmpty && raw[0] != '"') Error = Error.BadRequest($"{_names.Names[field]} must be a string");
        return raw;
    }

    private string Decode(int field, ReadOnlySpan<byte> raw, int maxLength)
    {
        try
        {
            var reader = new Utf8JsonReader(raw, Options);
            reader.Read();
            var value = reader.GetString()!;
            if (value.Length <= maxLength) return value;
            Error = Error.BadRequest($"{_names.Names[field]} is longer than {maxLength} characters");
        }
        catch (InvalidOperationException)
        {
            Error = Error.BadRequest($"{_names.Names[field]} holds half a surrogate pair");
        }
        return "";
    }

    private Error? Find()
    {
        var reader = new Utf8JsonReader(_payload, Options);
        reader.Read();
        if (reader.TokenType == JsonTokenType.Null) return null;
        if (reader.TokenType != JsonTokenType.StartObject) return Error.BadRequest("payload must be an object");
        var seen = 0;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var field = IndexOf(ref reader);
            reader.Read();
            if (field < 0)
            {
                reader.Skip();
                continue;
            }
            if ((seen & 1 << field) != 0) return Error.BadRequest($"{_names.Names[field]} appears twice");
            seen |= 1 << field;
            var start = (int)reader.TokenStartIndex;
            var isNull = reader.TokenType == JsonTokenType.Null;
            reader.Skip();
            if (!isNull) _values[field] = (start, (int)reader.BytesConsumed);
        }
        return null;
    }

    private readonly int IndexOf(ref Utf8JsonReader reader)
    {
        for (var i = 0; i < _names.Utf8.Length; i++)
            if (reader.ValueTextEquals(_names.Utf8[i]))
                return i;
        return -1;
    }

    [InlineArray(FieldNames.Max)]
    private struct Values
    {
        private (int Start, int End) _first;
    }
}
