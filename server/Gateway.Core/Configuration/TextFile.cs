using System.Text;

namespace Gateway.Core.Configuration;

/// <summary>Reads a file that the configuration names. An error is text, not an exception.</summary>
internal static class TextFile
{
    /// <summary>The maximum size, in case the name is that of a device or a log file.</summary>
    private const int MaxBytes = 1 << 20;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Reads a file.</summary>
    /// <returns>The text, or the problem.</returns>
    public static (string? Text, string Problem) Read(string path, string directory)
    {
        try
        {
            var full = Path.Combine(directory, path);
            if (Directory.Exists(full))
                return (null, "is a directory");
            using var stream = new FileStream(full, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
            var buffer = new byte[MaxBytes + 1];
            var length = stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
            if (length > MaxBytes)
                return (null, "is larger than 1 MiB");
            ReadOnlySpan<byte> content = buffer.AsSpan(0, length);
            if (content.StartsWith(Encoding.UTF8.Preamble))
                content = content[Encoding.UTF8.Preamble.Length..];
            return (StrictUtf8.GetString(content), "");
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return (null, "there is no such file");
        }
        catch (UnauthorizedAccessException)
        {
            return (null, "permission denied");
        }
        catch (DecoderFallbackException)
        {
            return (null, "is not UTF-8 text");
        }
        catch (Exception e) when (e is IOException or ArgumentException or NotSupportedException)
        {
            return (null, "the system cannot read it");
        }
    }
}
