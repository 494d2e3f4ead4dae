using System.Text;
using System.Threading.Channels;

namespace Gateway.Logging;

/// <summary>
/// Lines on their way to standard output. Whoever writes one never waits: what does not fit is dropped and counted. One thread writes them out, and may wait as long
/// as it takes, because a pipe that nobody reads must not stop anything but itself. (The framework's console logger waits, or writes past its queue once it is disposed.)
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
    private long _told;

    /// <param name="output">Not disposed of: the writer may be waiting in it.</param>
    public ConsoleQueue(Stream output, int capacity = Capacity)
    {
        _lines = Channel.CreateBounded<string>(new BoundedChannelOptions(capacity) { SingleReader = true, AllowSynchronousContinuations = false });
        _output = output;
        _writer = new Thread(Run) { IsBackground = true, Name = "log" };
        _writer.Start();
    }

    public static ConsoleQueue ToStandardOutput() => new(Console.OpenStandardOutput());

    /// <summary>Lines that nobody will read.</summary>
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
                TellOfDrops();
                Print(line);
            }
            if (!_lines.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult()) return;
        }
    }

    /// <summary>Where lines are missing, the log says so.</summary>
    private void TellOfDrops()
    {
        var dropped = Dropped - _told;
        if (dropped == 0) return;
        _told += dropped;
        Print($"warn: Gateway.Logging[1] {dropped} lines of the log were dropped, as nobody read them");
    }

    private void Print(string line)
    {
        try
        {
            _output.Write(Encoding.UTF8.GetBytes(line + "\n"));
        }
        catch (IOException)
        {
            Interlocked.Increment(ref _dropped); // whoever read it is gone
        }
    }
}
