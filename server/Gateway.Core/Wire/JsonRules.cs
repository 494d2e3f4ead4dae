using System.Text.Json;
using System.Text.Unicode;
using Gateway.Core.Messages;

namespace Gateway.Core.Wire;

/// <summary>The rules for JSON from clients beyond RFC 8259, so that every receiver can parse what the gateway passes on.</summary>
internal static class JsonRules
{
    /// <summary>The maximum depth of a payload, in both dialects.</summary>
    public const int MaxDepth = 32;

    private const int StackBytes = 256;
    private static readonly JsonDocumentOptions DocumentOptions = new() { MaxDepth = MaxDepth, AllowDuplicateProperties = false };
    private static readonly JsonReaderOptions ReaderOptions = new() { MaxDepth = MaxDepth };

    public static Error InvalidUtf8 { get; } = Error.BadRequest("not UTF-8");
    public static Error InvalidText { get; } = Error.BadRequest("a string holds half a surrogate pair");

    /// <summary>Checks a value that is passed on unchanged: UTF-8, depth, no duplicate names in an object, well-formed strings.</summary>
    public static Error? Check(ReadOnlySpan<byte> value)
    {
        // Nothing has validated the body of an HTTP POST (long polling). A client must fail a connection that sends it invalid UTF-8.
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

    /// <summary>Checks that the reader's current string or name is well-formed. Numbers pass.</summary>
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

    /// <summary>
    /// Describes a fault of the JSON reader without type names, and without a position, which would be relative to a wrapper.
    /// </summary>
    /// <param name="fault">The fault.</param>
    /// <param name="text">What was read.</param>
    /// <param name="maxDepth">The maximum depth of the text.</param>
    /// <param name="allowed">The maximum depth of what the client knows of it: the payload.</param>
    public static Error Describe(JsonException fault, ReadOnlySpan<byte> text, int maxDepth = MaxDepth, int allowed = MaxDepth) =>
        IsDeeper(text, maxDepth) ? Error.BadRequest($"JSON is nested deeper than {allowed} levels")
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
