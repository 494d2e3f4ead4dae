using Microsoft.IdentityModel.Protocols;

namespace Gateway.AspNetCore.Security.Tokens;

/// <summary>
/// Fetches an authority's discovery document and key set. The library's <c>HttpDocumentRetriever</c> has no size limit and follows
/// redirects. Here a document has a size and a time limit, and comes over TLS, or from an authority on this machine.
/// </summary>
internal sealed class AuthorityDocuments : IDocumentRetriever, IDisposable
{
    /// <summary>The time limit for one document.</summary>
    public static readonly TimeSpan TimeLimit = TimeSpan.FromSeconds(10);

    private const int MaxBytes = 1 << 20;

    private readonly bool _allowLoopbackHttp;
    private readonly HttpClient _http = new(
        new SocketsHttpHandler { AllowAutoRedirect = false, PooledConnectionLifetime = TimeSpan.FromMinutes(5) })
    {
        Timeout = TimeLimit,
        MaxResponseContentBufferSize = MaxBytes,
    };

    public AuthorityDocuments(Uri authority) => _allowLoopbackHttp = authority.Scheme == Uri.UriSchemeHttp && authority.IsLoopback;

    /// <exception cref="InvalidDataException">Keys may not come from this address.</exception>
    public Task<string> GetDocumentAsync(string address, CancellationToken cancel)
    {
        if (!Uri.TryCreate(address, UriKind.Absolute, out var uri)
            || !(uri.Scheme == Uri.UriSchemeHttps || (_allowLoopbackHttp && uri.Scheme == Uri.UriSchemeHttp && uri.IsLoopback)))
            throw new InvalidDataException("its jwks_uri is not https");
        return _http.GetStringAsync(uri, cancel);
    }

    public void Dispose() => _http.Dispose();
}
