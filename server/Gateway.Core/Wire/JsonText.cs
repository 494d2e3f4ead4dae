using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Gateway.Core.Wire;

/// <summary>Writes JSON into a buffer that the thread reuses, so that only the result is allocated.</summary>
internal static class JsonText
{
    private const int KeptBufferBytes = 64 * 1024;

    // The text goes to JSON clients and never into HTML, so only the escapes of JSON itself are needed.
    private static readonly JsonWriterOptions Options = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };

    [ThreadStatic]
    private static Scratch? _scratch;

    public static byte[] Write<TState>(TState state, Action<Utf8JsonWriter, TState> write)
        where TState : allows ref struct =>
        Write(state, write, static written => written.ToArray());

    /// <summary>As above; <paramref name="take"/> copies what it needs of the written bytes before the buffer is used again.</summary>
    public static TResult Write<TState, TResult>(TState state, Action<Utf8JsonWriter, TState> write, Func<ReadOnlySpan<byte>, TResult> take)
        where TState : allows ref struct
    {
        var scratch = _scratch ?? new Scratch();
        _scratch = null; // a nested call gets another one
        scratch.Buffer.ResetWrittenCount();
        scratch.Writer.Reset(scratch.Buffer);
        write(scratch.Writer, state);
        scratch.Writer.Flush();
        var result = take(scratch.Buffer.WrittenSpan);
        if (scratch.Buffer.Capacity <= KeptBufferBytes) _scratch = scratch;
        return result;
    }

    private sealed class Scratch
    {
        public readonly ArrayBufferWriter<byte> Buffer = new(1024);
        public readonly Utf8JsonWriter Writer;

        public Scratch() => Writer = new Utf8JsonWriter(Buffer, Options);
    }
}
