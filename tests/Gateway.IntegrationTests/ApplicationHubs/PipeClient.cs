using System.Buffers;
using System.IO.Pipelines;
using System.Security.Claims;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using Gateway.Testing;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Protocol;

namespace Gateway.IntegrationTests.ApplicationHubs;

/// <summary>A client at the other end of two pipes. At the server's end is the framework's own code.</summary>
internal abstract class PipeClient : IAsyncDisposable
{
    private readonly Channel<Invocation> _received = Channel.CreateUnbounded<Invocation>();
    private readonly Pipe _toClient;
    private readonly Pipe _toServer = new();
    private Task _reading = Task.CompletedTask;
    private bool _left;

    /// <param name="server">The server that it is connected to.</param>
    /// <param name="user">The id of its user.</param>
    /// <param name="stalls">Whether it does not read what comes, so that the first byte fills the pipe.</param>
    protected PipeClient(HubServer server, string? user, bool stalls)
    {
        Server = server;
        _toClient = stalls ? new Pipe(new PipeOptions(pauseWriterThreshold: 1, resumeWriterThreshold: 1)) : new Pipe();
        Writer = new BreakableWriter(_toClient.Writer);
        Connection = new DefaultConnectionContext(
            Guid.NewGuid().ToString("N"), new Duplex(_toServer.Reader, Writer), new Duplex(_toClient.Reader, _toServer.Writer));
        if (user != null) Connection.User = new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.NameIdentifier, user)], "test"));
        if (!stalls) Read();
    }

    public string Id => Connection.ConnectionId;

    /// <summary>Whether anything came that nobody has looked at.</summary>
    public bool HasHeard => _received.Reader.TryPeek(out _);

    protected HubServer Server { get; }
    protected DefaultConnectionContext Connection { get; }
    protected BreakableWriter Writer { get; }

    /// <summary>Reads what comes, from now on.</summary>
    public void Read() => _reading = ReadAsync();

    /// <summary>From now on every write to this connection fails.</summary>
    public void Break() => Writer.IsBroken = true;

    public async Task<Invocation> NextAsync() => await _received.Reader.ReadAsync().Within("an invocation");

    /// <summary>The next is this one.</summary>
    public async Task HearsAsync(string target, params string[] arguments)
    {
        var next = await NextAsync();
        Assert.Equal((target, string.Join(", ", arguments)), (next.Target, string.Join(", ", next.Arguments)));
    }

    /// <summary>The next are these texts, each the only argument of a <c>hear</c>.</summary>
    public async Task HearsTextsAsync(params string[] texts)
    {
        foreach (var text in texts) await HearsAsync("hear", JsonSerializer.Serialize(text));
    }

    /// <param name="invocationId">Of the question.</param>
    /// <param name="result">JSON.</param>
    public Task AnswerAsync(string? invocationId, string result) =>
        CompleteAsync($$"""{"type":3,"invocationId":"{{invocationId}}","result":{{result}}}""");

    public Task AnswerWithErrorAsync(string? invocationId, string error) =>
        CompleteAsync($$"""{"type":3,"invocationId":"{{invocationId}}","error":"{{error}}"}""");

    public async Task LeaveAsync()
    {
        if (_left) return;
        _left = true;
        await EndAsync().Within("the connection to end");
    }

    public async ValueTask DisposeAsync()
    {
        if (_reading.IsCompleted) await _toClient.Reader.CompleteAsync(); // nobody will read what is still to be written
        await LeaveAsync();
        await _toClient.Writer.CompleteAsync();
        await _reading.Within("the reading to end");
    }

    public abstract Task StartAsync();

    /// <summary>The client goes away, and the server knows.</summary>
    protected abstract Task EndAsync();

    /// <summary>The handshake is done: everything that comes now is for the test.</summary>
    protected TaskCompletionSource Handshake { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>As SignalR's dispatcher does it, so that the test sees what the dispatcher would.</summary>
    private async Task CompleteAsync(string record)
    {
        var input = new ReadOnlySequence<byte>(Encoding.UTF8.GetBytes(record + '\u001e'));
        Assert.True(Server.Protocol.TryParseMessage(ref input, new Binder(Server.Manager), out var message));
        await Server.Manager.SetConnectionResultAsync(Id, (CompletionMessage)message).Within("the result to be taken");
    }

    private async Task ReadAsync()
    {
        try
        {
            while (true)
            {
                var read = await _toClient.Reader.ReadAsync();
                var rest = read.Buffer;
                while (rest.PositionOf((byte)0x1e) is { } end)
                {
                    Take(rest.Slice(0, end));
                    rest = rest.Slice(rest.GetPosition(1, end));
                }
                if (read.IsCompleted) return;
                _toClient.Reader.AdvanceTo(rest.Start, rest.End);
            }
        }
        finally
        {
            _received.Writer.TryComplete();
        }
    }

    private void Take(ReadOnlySequence<byte> record)
    {
        using var json = JsonDocument.Parse(record);
        var root = json.RootElement;
        if (!root.TryGetProperty("type", out var type)) Handshake.TrySetResult();
        else if (type.GetInt32() == 1)
            _received.Writer.TryWrite(new Invocation(
                root.GetProperty("target").GetString()!,
                [.. root.GetProperty("arguments").EnumerateArray().Select(a => a.GetRawText())],
                root.TryGetProperty("invocationId", out var id) ? id.GetString() : null));
    }

    /// <param name="Arguments">Each as its JSON.</param>
    internal sealed record Invocation(string Target, string[] Arguments, string? Id);

    protected sealed class BreakableWriter(PipeWriter writer) : PipeWriter
    {
        public bool IsBroken { get; set; }

        public override void Advance(int bytes) => writer.Advance(bytes);

        public override Memory<byte> GetMemory(int sizeHint = 0) => writer.GetMemory(sizeHint);

        public override Span<byte> GetSpan(int sizeHint = 0) => writer.GetSpan(sizeHint);

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) =>
            IsBroken ? throw new InvalidOperationException("broken") : writer.FlushAsync(cancellationToken);

        public override void CancelPendingFlush() => writer.CancelPendingFlush();

        public override void Complete(Exception? exception = null) => writer.Complete(exception);
    }

    private sealed class Duplex(PipeReader input, PipeWriter output) : IDuplexPipe
    {
        public PipeReader Input => input;
        public PipeWriter Output => output;
    }

    private sealed class Binder(HubLifetimeManager<AnyHub> manager) : IInvocationBinder
    {
        public Type GetReturnType(string invocationId) =>
            manager.TryGetReturnType(invocationId, out var type)
                ? type : throw new InvalidOperationException($"nobody asked {invocationId}");

        public IReadOnlyList<Type> GetParameterTypes(string methodName) => throw new NotSupportedException();

        public Type GetStreamItemType(string streamId) => throw new NotSupportedException();
    }
}
