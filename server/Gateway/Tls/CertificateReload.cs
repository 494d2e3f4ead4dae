using Gateway.Configuration;

namespace Gateway.Tls;

/// <summary>
/// Looks at the files of <c>server.tls</c> every two seconds. Reading them is the one way that sees every kind of renewal: files written over, renamed into their place, or symbolic
/// links that change, as in Kubernetes.
/// </summary>
internal sealed class CertificateReload(ProgramOptions options, ServerCertificate certificate, TimeProvider time) : IHostedService, IDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(2);

    private ITimer? _timer;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (!options.Server.Tls.Enabled) return Task.CompletedTask;
        certificate.Reload(); // ahead of the first handshake: from now on a broken file changes nothing
        _timer = time.CreateTimer(static state => ((ServerCertificate)state!).Reload(), certificate, Period, Period);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        Dispose();
        return Task.CompletedTask;
    }

    public void Dispose() => _timer?.Dispose();
}
