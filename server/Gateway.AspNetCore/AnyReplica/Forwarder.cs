using System.Buffers;
using System.Diagnostics.Metrics;
using Gateway.AspNetCore.Options;
using Gateway.AspNetCore.Security;
using Gateway.Core.Connections;
using Microsoft.AspNetCore.Http.Features;

namespace Gateway.AspNetCore.AnyReplica;

/// <summary>
/// Forwards a request to its connection's replica and streams the response back: a long poll takes minutes, and an event stream has no end.
/// When either side ends it, it ends on the other side too.
/// </summary>
internal sealed partial class Forwarder : IDisposable
{
    /// <summary>The timeout of a request that does not wait for messages.</summary>
    private static readonly TimeSpan ResponseTimeout = TimeSpan.FromSeconds(30);

    /// <summary>The timeout of a long poll, which ends by itself after 90 s.</summary>
    private static readonly TimeSpan PollTimeout = TimeSpan.FromSeconds(120);

    private readonly GatewayOptions _options;
    private readonly ForwardedRequests _requests;
    private readonly ReplicaDirectory _directory;
    private readonly TimeProvider _time;
    private readonly ILogger<Forwarder> _logger;
    private readonly Counter<long> _forwarded;
    private readonly Counter<long> _failed;
    private readonly long _maxBody;
    private readonly CancellationTokenSource _draining = new();
    private int _active;

    public Forwarder(
        GatewayOptions options, ForwardedRequests requests, ReplicaDirectory directory, GatewayMeter meter, TimeProvider time,
        ILogger<Forwarder> logger)
    {
        (_options, _requests, _directory, _time, _logger) = (options, requests, directory, time, logger);
        _maxBody = Math.Max(1024 * 1024, 4L * options.Raw.MaxMessageBytes); // a client sends its queued messages in one request
        _forwarded = meter.Counter("gateway_forwarded_requests_total", "Requests sent on to the replica that owns their connection.");
        _failed = meter.Counter(
            "gateway_forward_failures_total",
            "Requests that could not be sent on: too many, too large, or the replica is gone or does not answer.");
        meter.Gauge(
            "gateway_forwarding", "Requests that are being sent on now, each waiting for its answer or being answered.",
            () => ActiveRequests);
    }

    public int ActiveRequests => Volatile.Read(ref _active);

    /// <summary>
    /// Ends the event streams and polls of other replicas' connections at shutdown. Their clients continue on another replica.
    /// </summary>
    public void Drain() => _draining.Cancel();

    public void Dispose() => _draining.Dispose();

    public async Task ForwardAsync(HttpContext context, ReplicaClient destination)
    {
        try
        {
            if (Interlocked.Increment(ref _active) > _options.Server.MaxForwarded)
                await RefuseAsync(context, StatusCodes.Status503ServiceUnavailable, "too many requests for other replicas");
            else if (context.Request.ContentLength > _maxBody)
                await RefuseAsync(context, StatusCodes.Status413PayloadTooLarge, "too large");
            else await SendAsync(context, destination);
        }
        finally
        {
            Interlocked.Decrement(ref _active);
        }
    }

    private async Task SendAsync(HttpContext context, ReplicaClient destination)
    {
        _forwarded.Add(1);
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size) size.MaxRequestBodySize = _maxBody;
        var isLongRunning = HttpMethods.IsGet(context.Request.Method);
        using var timeout = new CancellationTokenSource(isLongRunning ? PollTimeout : ResponseTimeout, _time);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(
            context.RequestAborted, destination.Stopped, isLongRunning ? _draining.Token : default);
        using var responseEnd = CancellationTokenSource.CreateLinkedTokenSource(end.Token, timeout.Token);
        using var request = _requests.Make(context, destination);
        if (request == null)
        {
            await RefuseAsync(context, StatusCodes.Status413PayloadTooLarge, "the user has too many claims");
            return;
        }
        HttpResponseMessage? response = null;
        try
        {
            response = await _directory.SendAsync(request, responseEnd.Token);
        }
        catch (Exception fault) when (fault is OperationCanceledException or HttpRequestException or IOException or BadHttpRequestException)
        {
            if (context.RequestAborted.IsCancellationRequested) return;
            // What the response held is lost: the client reconnects and recovers it
            if (isLongRunning && _draining.IsCancellationRequested) await NoSuchConnection.WriteAsync(context);
            else if (fault is BadHttpRequestException or { InnerException: BadHttpRequestException })
                await RefuseAsync(context, StatusCodes.Status413PayloadTooLarge, "too large");
            else if (timeout.IsCancellationRequested && !destination.Stopped.IsCancellationRequested)
                await RefuseAsync(context, StatusCodes.Status504GatewayTimeout, "the replica does not answer");
            else await FailAsync(context, destination, fault);
            return;
        }
        using (response) await CopyResponseAsync(context, response, destination, end.Token);
    }

    private async Task CopyResponseAsync(
        HttpContext context, HttpResponseMessage response, ReplicaClient destination, CancellationToken cancel)
    {
        try
        {
            ForwardedRequests.CopyResponse(response, context.Response);
            context.Features.GetRequiredFeature<IHttpResponseBodyFeature>().DisableBuffering();
            await context.Response.StartAsync(cancel);
            await using var from = await response.Content.ReadAsStreamAsync(cancel);
            await CopyAsync(from, context.Response.Body, cancel);
        }
        catch (Exception fault) when (fault is OperationCanceledException or HttpRequestException or IOException)
        {
            if (context.RequestAborted.IsCancellationRequested) return;
            if (!_draining.IsCancellationRequested) Fail(destination, fault);
            context.Abort(); // the response has started
        }
    }

    /// <summary>Copies data as it arrives. Holds no buffer while it waits.</summary>
    private static async Task CopyAsync(Stream from, Stream to, CancellationToken cancel)
    {
        while (true)
        {
            _ = await from.ReadAsync(Memory<byte>.Empty, cancel);
            var buffer = ArrayPool<byte>.Shared.Rent(16 * 1024);
            try
            {
                var length = await from.ReadAsync(buffer, cancel);
                if (length == 0) return;
                await to.WriteAsync(buffer.AsMemory(0, length), cancel);
                await to.FlushAsync(cancel);
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }
    }

    private Task FailAsync(HttpContext context, ReplicaClient destination, Exception fault)
    {
        Fail(destination, fault);
        return NoSuchConnection.WriteAsync(context);
    }

    private Task RefuseAsync(HttpContext context, int status, string text)
    {
        _failed.Add(1);
        return Refusal.WriteAsync(context, status, text);
    }

    private void Fail(ReplicaClient destination, Exception fault)
    {
        _failed.Add(1);
        if (destination.TryMarkLogged()) Log.Failed(_logger, destination.Id, destination.Address, fault.Message);
    }

    private static partial class Log
    {
        [LoggerMessage(
            1, LogLevel.Warning,
            "A request could not be forwarded to replica {Replica} at {Address}. Its clients have to reconnect: {Fault}")]
        public static partial void Failed(ILogger logger, string replica, Uri address, string fault);
    }
}
