using System.Text;

namespace Gateway.Logging;

/// <summary>Logs to standard output, one line per event: <c>info: Gateway.Lifecycle.ConnectionDrainer[1] Shutting down …</c>.</summary>
[ProviderAlias("Console")]
internal sealed class ConsoleLog(ConsoleQueue queue) : ILoggerProvider
{
    public ILogger CreateLogger(string categoryName) => new Category(categoryName, queue);

    public void Dispose()
    {
        // The container owns the queue and flushes it last.
    }

    private static string NameOf(LogLevel level) => level switch
    {
        LogLevel.Trace => "trce",
        LogLevel.Debug => "dbug",
        LogLevel.Information => "info",
        LogLevel.Warning => "warn",
        LogLevel.Error => "fail",
        _ => "crit",
    };

    private sealed class Category(string name, ConsoleQueue queue) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            var line = new StringBuilder(NameOf(logLevel))
                .Append(": ")
                .Append(name)
                .Append('[')
                .Append(eventId.Id)
                .Append("] ")
                .Append(formatter(state, exception));
            if (exception != null) line.Append(' ').Append(exception);
            queue.Write(line.Replace('\r', ' ').Replace('\n', ' ').ToString());
        }
    }
}
