using Gateway.AspNetCore.AnyReplica;
using Gateway.Configuration;

namespace Gateway.Tls;

/// <summary>The certificate of the clients' port. Replicas also recognize one another by it.</summary>
internal static class TlsServiceCollectionExtensions
{
    public static void AddTls(this IServiceCollection services, ProgramOptions options)
    {
        services.AddSingleton(options);
        services.AddSingleton<ServerCertificate>();
        services.AddHostedService<CertificateReload>();
        services.AddSingleton(p => new ReplicaCertificate(p.GetRequiredService<ServerCertificate>().IsOurs));
    }
}
