using System.Buffers;
using System.Diagnostics.Metrics;
using Gateway.AspNetCore.Options;
using Gateway.AspNetCore.Security;
using Gateway.Core.Connections;
using Microsoft.AspNetCore.Http.Features;

namespace Gateway.AspNetCore.AnyReplica;

/// <summary>
/// Sends a request on to the replica that owns its connection, and the answer back, both as they come: a long poll takes minutes and an
/// event stream has no end. Whoever ends it, client or owner, ends it on the other side.
/// </summary>
internal sealed partial class Forwarder : IDisposable
{
    /// <summary>How long the owner may take for what does not wait for messages.</summary>
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(30);

    /// <summary>Long polls end by themselves after 90 s.</summary>
    private static readonly TimeSpan PollWithin = TimeSpan.FromSeconds(120);

    private readonly GatewayOptions _options;
    private readonly ForwardedRequests _requests;
    private readonly ReplicaDirectory _owners;
    private readonly TimeProvider _time;
    private readonly ILogger<Forwarder> _logger;
    private readonly Counter<long> _forwarded;
    private readonly Counter<long> _failed;
    private readonly long _maxBody;
    private readonly CancellationTokenSource _draining = new();
    private int _underWay;

    public Forwarder(
        GatewayOptions options, ForwardedRequests requests, ReplicaDirectory owners, GatewayMeter meter, TimeProvider time,
        ILogger<Forwarder> logger)
    {
        (_options, _requests, _owners, _time, _logger) = (options, requests, owners, time, logger);
        _maxBody = Math.Max(1024 * 1024, 4L * options.Raw.MaxMessageBytes); // a client puts what has gathered into one request
        _forwarded = meter.Counter("gateway_forwarded_requests_total", "Requests sent on to the replica that owns their connection.");
        _failed = meter.Counter(
            "gateway_forward_failures_total",
            "Requests that could not be sent on: too many, too large, or the replica is gone or does not answer.");
        meter.Gauge(
            "gateway_forwarding", "Requests that are being sent on now, each waiting for its answer or being answered.", () => UnderWay);
    }

    public int UnderWay => Volatile.Read(ref _underWay);

    /// <summary>
    /// This replica shuts down: event streams and polls of other replicas' connections end, and their clients go on elsewhere.
    /// </summary>
    public void Drain() => _draining.Cancel();

    public void Dispose() => _draining.Dispose();

    public async Task ForwardAsync(HttpContext context, ReplicaClient owner)
    {
        try
        {
            if (Interlocked.Increment(ref _underWay) > _options.Server.MaxForwarded)
                await RefuseAsync(context, StatusCodes.Status503ServiceUnavailable, "too many requests for other replicas");
            else if (context.Request.ContentLength > _maxBody)
                await RefuseAsync(context, StatusCodes.Status413PayloadTooLarge, "too large");
            else await SendAsync(context, owner);
        }
        finally
        {
            Interlocked.Decrement(ref _underWay);
        }
    }

    private async Task SendAsync(HttpContext context, ReplicaClient owner)
    {
        _forwarded.Add(1);
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size) size.MaxRequestBodySize = _maxBody;
        var listens = HttpMethods.IsGet(context.Request.Method);
        using var late = new CancellationTokenSource(listens ? PollWithin : AnswerWithin, _time);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(
            context.RequestAborted, owner.Gone, listens ? _draining.Token : default);
        using var answerEnd = CancellationTokenSource.CreateLinkedTokenSource(end.Token, late.Token);
        using var request = _requests.Make(context, owner);
        if (request == null)
        {
            await RefuseAsync(context, StatusCodes.Status413PayloadTooLarge, "the user has too many claims");
            return;
        }
        HttpResponseMessage? response = null;
        try
        {
            response = await _owners.SendAsync(request, answerEnd.Token);
        }
        catch (Exception fault) when (fault is OperationCanceledException or HttpRequestException or IOException or BadHttpRequestException)
        {
            if (context.RequestAborted.IsCancellationRequested) return;
            // What the answer held is lost: the client begins anew, and resumes
            if (listens && _draining.IsCancellationRequested) await NoSuchConnection.WriteAsync(context);
            else if (fault is BadHttpRequestException or { InnerException: BadHttpRequestException })
                await RefuseAsync(context, StatusCodes.Status413PayloadTooLarge, "too large");
            else if (late.IsCancellationRequested && !owner.Gone.IsCancellationRequested)
                await RefuseAsync(context, StatusCodes.Status504GatewayTimeout, "the replica does not answer");
            else await GoneAsync(context, owner, fault);
            return;
        }
        using (response) await AnswerAsync(context, response, owner, end.Token);
    }

    private async Task AnswerAsync(HttpContext context, HttpResponseMessage response, ReplicaClient owner, CancellationToken cancel)
    {
        try
        {
            ForwardedRequests.CopyAnswer(response, context.Response);
            context.Features.GetRequiredFeature<IHttpResponseBodyFeature>().DisableBuffering();
            await context.Response.StartAsync(cancel);
            await using var from = await response.Content.ReadAsStreamAsync(cancel);
            await CopyAsync(from, context.Response.Body, cancel);
        }
        catch (Exception fault) when (fault is OperationCanceledException or HttpRequestException or IOException)
        {
            if (context.RequestAborted.IsCancellationRequested) return;
            if (!_draining.IsCancellationRequested) Fail(owner, fault);
            context.Abort(); // the client has its beginning already
        }
    }

    /// <summary>While nothing comes no buffer is held, and whatever comes goes out at once.</summary>
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

    private Task GoneAsync(HttpContext context, ReplicaClient owner, Exception fault)
    {
        Fail(owner, fault);
        return NoSuchConnection.WriteAsync(context);
    }

    private Task RefuseAsync(HttpContext context, int status, string text)
    {
        _failed.Add(1);
        return Refusal.WriteAsync(context, status, text);
    }

    private void Fail(ReplicaClient owner, Exception fault)
    {
        _failed.Add(1);
        if (owner.TellsFirst()) Log.Failed(_logger, owner.Id, owner.Address, fault.Message);
    }

    private static partial class Log
    {
        [LoggerMessage(
            1, LogLevel.Warning,
            "A request could not be sent on to replica {Replica} at {Address}, its clients have to connect again: {Fault}")]
        public static partial void Failed(ILogger logger, string replica, Uri address, string fault);
    }
}
