using System.Text.Json;

namespace Gateway.Security.Tokens;

/// <summary>
/// The keys of an OpenID Connect authority (Discovery 1.0 section 4): fetched when the first token comes, again when a token names one that is not known, because the authority
/// has changed its keys, and now and then because it may have withdrawn one. Whoever waits for a fetch waits for the same one. While the authority is away the keys of before hold.
/// </summary>
internal sealed partial class AuthorityKeys : IKeySource, IDisposable
{
    /// <summary>Anyone can make up a key id: so often the authority is asked at the most.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(3);

    private static readonly TimeSpan Old = TimeSpan.FromMinutes(15);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);
    private const int MaxDocumentBytes = 1 << 20;

    private readonly string _authority;
    private readonly HttpClient _http;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Lock _lock = new();
    private volatile KeySet? _current;

    // Guarded by _lock.
    private Task _fetching = Task.CompletedTask;
    private long _triedAt;
    private bool _tried;

    public AuthorityKeys(string authority, TimeProvider time, ILogger logger)
    {
        _authority = authority.TrimEnd('/');
        _time = time;
        _logger = logger;
        _http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, PooledConnectionLifetime = TimeSpan.FromMinutes(5) })
        {
            Timeout = Limit,
            MaxResponseContentBufferSize = MaxDocumentBytes,
        };
    }

    public KeySet? Current => _current;

    public Task RefreshAsync()
    {
        lock (_lock)
        {
            if (!_fetching.IsCompleted || (_tried && _time.GetElapsedTime(_triedAt) < Pause)) return _fetching;
            (_tried, _triedAt) = (true, _time.GetTimestamp());
            return _fetching = FetchAsync();
        }
    }

    public void RefreshIfOld()
    {
        bool old;
        lock (_lock) old = _tried && _time.GetElapsedTime(_triedAt) > Old;
        if (old) _ = RefreshAsync(); // kept in _fetching
    }

    public void Dispose() => _http.Dispose();

    private async Task FetchAsync()
    {
        try
        {
            await Task.Yield(); // not under the lock
            using var limit = new CancellationTokenSource(Limit, _time);
            using var discovery = JsonDocument.Parse(await _http.GetByteArrayAsync(new Uri(_authority + "/.well-known/openid-configuration"), limit.Token));
            var issuer = discovery.RootElement.GetProperty("issuer").GetString();
            var address = new Uri(discovery.RootElement.GetProperty("jwks_uri").GetString()!);
            if (address.Scheme != Uri.UriSchemeHttps && !(address.IsLoopback && _authority.StartsWith("http:", StringComparison.OrdinalIgnoreCase))) throw new InvalidDataException("its jwks_uri is not https");
            var keys = JsonWebKeys.Read(await _http.GetByteArrayAsync(address, limit.Token));
            if (keys.Count == 0) throw new InvalidDataException("it has no key for signatures");
            var first = _current == null;
            _current = new KeySet(issuer, keys);
            if (first) Log.HasKeys(_logger, _authority, keys.Count);
        }
        catch (ObjectDisposedException)
        {
            // The gateway stops.
        }
        catch (Exception fault)
        {
            Log.Away(_logger, _authority, fault.GetType().Name, fault is HttpRequestException or InvalidDataException ? fault.Message : "");
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Authority {Authority}: {Keys} keys")]
        public static partial void HasKeys(ILogger logger, string authority, int keys);

        [LoggerMessage(2, LogLevel.Warning, "Authority {Authority}: its keys could not be fetched ({Fault} {Text})")]
        public static partial void Away(ILogger logger, string authority, string fault, string text);
    }
}
