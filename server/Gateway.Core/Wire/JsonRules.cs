using System.Text.Json;
using System.Text.Unicode;
using Gateway.Core.Messages;

namespace Gateway.Core.Wire;

/// <summary>What is demanded of JSON from clients beyond RFC 8259, so that no reader behind us chokes on what we pass on.</summary>
internal static class JsonRules
{
    /// <summary>How deep a payload may nest, in both dialects.</summary>
    public const int MaxDepth = 32;

    private const int StackBytes = 256;
    private static readonly JsonDocumentOptions DocumentOptions = new() { MaxDepth = MaxDepth, AllowDuplicateProperties = false };
    private static readonly JsonReaderOptions ReaderOptions = new() { MaxDepth = MaxDepth };

    public static Error InvalidUtf8 { get; } = Error.BadRequest("not UTF-8");
    public static Error InvalidText { get; } = Error.BadRequest("a string holds half a surrogate pair");

    /// <summary>Checks a value that will be passed on as it is: UTF-8, depth, no name twice in an object, every string well-formed.</summary>
    public static Error? Check(ReadOnlySpan<byte> value)
    {
        // Nobody else has looked at what comes by HTTP POST (long polling), and a client must fail a connection that brings it something else.
        if (!Utf8.IsValid(value)) return InvalidUtf8;
        try
        {
            var reader = new Utf8JsonReader(value, ReaderOptions);
            while (reader.Read())
                if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName && CheckString(ref reader) is { } error)
                    return error;
            var again = new Utf8JsonReader(value, ReaderOptions);
            again.Read();
            if (again.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray) CheckNames(value);
            return null;
        }
        catch (JsonException fault)
        {
            return Describe(fault, value);
        }
    }

    /// <summary>Is the string (or name) that the reader stands on text? Numbers pass.</summary>
    public static Error? CheckString(ref Utf8JsonReader reader)
    {
        if (!reader.ValueIsEscaped) return null;
        var length = reader.ValueSpan.Length;
        Span<byte> unescaped = length <= StackBytes ? stackalloc byte[StackBytes] : new byte[length];
        try
        {
            reader.CopyString(unescaped);
            return null;
        }
        catch (InvalidOperationException)
        {
            return InvalidText;
        }
    }

    /// <summary>The JSON reader's finding in words that hold no type name, and no position that would be inside a wrapping.</summary>
    public static Error Describe(JsonException fault, ReadOnlySpan<byte> text, int maxDepth = MaxDepth) =>
        IsDeeper(text, maxDepth) ? Error.BadRequest($"JSON is nested deeper than {MaxDepth} levels")
        : fault.Message.Contains("uplicate", StringComparison.Ordinal) ? Error.BadRequest("a field appears twice")
        : Error.BadRequest("malformed JSON");

    private static void CheckNames(ReadOnlySpan<byte> value)
    {
        using var document = JsonDocument.Parse(value.ToArray(), DocumentOptions);
    }

    private static bool IsDeeper(ReadOnlySpan<byte> text, int maxDepth)
    {
        int depth = 0, deepest = 0;
        var inString = false;
        for (var i = 0; i < text.Length; i++)
        {
            switch (text[i])
            {
                case (byte)'\\' when inString: i++; break;
                case (byte)'"': inString = !inString; break;
                case (byte)'{' or (byte)'[' when !inString: deepest = Math.Max(deepest, ++depth); break;
                case (byte)'}' or (byte)']' when !inString: depth--; break;
            }
        }
        return deepest > maxDepth;
    }
}
