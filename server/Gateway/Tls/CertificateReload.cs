using Gateway.Configuration;

namespace Gateway.Tls;

/// <summary>
/// Reads the files of <c>server.tls</c> every two seconds. Only reading detects every kind of renewal: files that are overwritten or
/// renamed, and symbolic links that change, as in Kubernetes.
/// </summary>
internal sealed class CertificateReload(ProgramOptions options, ServerCertificate certificate, TimeProvider time)
    : IHostedService, IDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(2);

    private ITimer? _timer;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (!options.Server.Tls.Enabled) return Task.CompletedTask;
        certificate.Reload(); // before the first handshake: from now on a broken file changes nothing
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
