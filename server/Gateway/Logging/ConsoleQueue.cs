using System.Text;
using System.Threading.Channels;

namespace Gateway.Logging;

/// <summary>
/// Lines that wait for standard output. Writing a line never blocks: a line that does not fit is dropped and counted. One thread writes the
/// lines and may block, because a pipe that nobody reads must not stop the gateway. (The framework's console logger blocks, and bypasses
/// its queue after disposal.)
/// </summary>
internal sealed class ConsoleQueue : IDisposable
{
    private const int Capacity = 4096;

    /// <summary>How long the end of the process waits for the last lines.</summary>
    private static readonly TimeSpan Flush = TimeSpan.FromSeconds(1);

    private readonly Channel<string> _lines;
    private readonly Stream _output;
    private readonly Thread _writer;
    private long _dropped;
    private long _reportedDrops;

    /// <param name="output">Where lines go. It is not disposed, because the thread may be blocked in it.</param>
    /// <param name="capacity">How many lines may wait.</param>
    public ConsoleQueue(Stream output, int capacity = Capacity)
    {
        _lines = Channel.CreateBounded<string>(
            new BoundedChannelOptions(capacity) { SingleReader = true, AllowSynchronousContinuations = false });
        _output = output;
        _writer = new Thread(Run) { IsBackground = true, Name = "log" };
        _writer.Start();
    }

    public static ConsoleQueue ToStandardOutput() => new(Console.OpenStandardOutput());

    /// <summary>The number of dropped lines.</summary>
    public long Dropped => Volatile.Read(ref _dropped);

    public void Write(string line)
    {
        if (!_lines.Writer.TryWrite(line)) Interlocked.Increment(ref _dropped);
    }

    public void Dispose()
    {
        _lines.Writer.TryComplete();
        _writer.Join(Flush);
    }

    private void Run()
    {
        while (true)
        {
            while (_lines.Reader.TryRead(out var line))
            {
                ReportDrops();
                Print(line);
            }
            if (!_lines.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult()) return;
        }
    }

    /// <summary>Writes to the log how many lines are missing.</summary>
    private void ReportDrops()
    {
        var dropped = Dropped - _reportedDrops;
        if (dropped == 0) return;
        _reportedDrops += dropped;
        Print($"warn: Gateway.Logging[1] {dropped} lines of the log were dropped, because nobody read standard output");
    }

    private void Print(string line)
    {
        try
        {
            _output.Write(Encoding.UTF8.GetBytes(line + "\n"));
        }
        catch (IOException)
        {
            Interlocked.Increment(ref _dropped); // the reader has closed the pipe
        }
    }
}
