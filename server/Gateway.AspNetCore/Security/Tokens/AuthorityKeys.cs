using Microsoft.IdentityModel.Protocols;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;

namespace Gateway.AspNetCore.Security.Tokens;

/// <summary>
/// The keys of an OpenID Connect authority (Discovery 1.0 section 4). The library's <see cref="ConfigurationManager{T}"/> fetches, caches
/// and renews them, and keeps them while the authority is not available. This class adds what it lacks: concurrent callers wait for the
/// same fetch, for a limited time, and unknown key ids or a failed first fetch do not cause a request each.
/// </summary>
internal sealed partial class AuthorityKeys : IKeySource, IConfigurationRetriever<OpenIdConnectConfiguration>, IDisposable
{
    /// <summary>The minimum time between two fetches, because anyone can make up a key id.</summary>
    private static readonly TimeSpan MinRefreshInterval = TimeSpan.FromSeconds(3);

    /// <summary>How long keys are used before they are fetched again. A removed key is valid no longer than this.</summary>
    private static readonly TimeSpan RefreshAge = TimeSpan.FromMinutes(15);

    private readonly string _authority;
    private readonly AuthorityDocuments _documents;
    private readonly ConfigurationManager<OpenIdConnectConfiguration> _manager;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Lock _lock = new();
    private volatile KeySet? _current;
    private TaskCompletionSource _fetched = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // Guarded by _lock.
    private Task _refresh = Task.CompletedTask;
    private long _refreshedAt;
    private bool _tried;

    public AuthorityKeys(string authority, TimeProvider time, ILogger logger)
    {
        _authority = authority.TrimEnd('/');
        _time = time;
        _logger = logger;
        _documents = new AuthorityDocuments(new Uri(_authority));
        _manager = new(_authority + "/.well-known/openid-configuration", this, _documents)
        {
            AutomaticRefreshInterval = RefreshAge,
            // Shorter than MinRefreshInterval, which applies
            RefreshInterval = ConfigurationManager<OpenIdConnectConfiguration>.MinimumRefreshInterval,
        };
    }

    public KeySet? Current => _current;

    public Task RefreshAsync()
    {
        lock (_lock)
        {
            if (!_refresh.IsCompleted || (_tried && _time.GetElapsedTime(_refreshedAt) < MinRefreshInterval)) return _refresh;
            (_tried, _refreshedAt) = (true, _time.GetTimestamp());
            return _refresh = FetchAsync();
        }
    }

    /// <summary>Lets the manager renew old keys in the background.</summary>
    public void RefreshIfOld()
    {
        if (_current != null) _ = _manager.GetConfigurationAsync(CancellationToken.None);
    }

    public void Dispose() => _documents.Dispose();

    /// <summary>Called by the manager for every fetch.</summary>
    async Task<OpenIdConnectConfiguration> IConfigurationRetriever<OpenIdConnectConfiguration>.GetConfigurationAsync(
        string address, IDocumentRetriever retriever, CancellationToken cancel)
    {
        try
        {
            var configuration = await OpenIdConnectConfigurationRetriever.GetAsync(address, retriever, cancel);
            List<SigningKey> keys = [.. (configuration.JsonWebKeySet?.Keys ?? []).Select(SigningKey.Of).OfType<SigningKey>()];
            if (keys.Count == 0) throw new InvalidDataException("it has no key for signatures");
            if (_current == null) Log.KeysFetched(_logger, _authority, keys.Count);
            _current = new KeySet(configuration.Issuer, keys);
            return configuration;
        }
        catch (Exception fault) when (fault is not ObjectDisposedException) // the gateway is stopping
        {
            Log.FetchFailed(
                _logger, _authority, fault.GetType().Name, fault is HttpRequestException or InvalidDataException ? fault.Message : "");
            throw;
        }
        finally
        {
            Interlocked.Exchange(ref _fetched, new(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
        }
    }

    private async Task FetchAsync()
    {
        await Task.Yield(); // not under the lock
        try
        {
            var fetched = Volatile.Read(ref _fetched).Task;
            if (_current == null)
                await _manager.GetConfigurationAsync(CancellationToken.None).WaitAsync(AuthorityDocuments.TimeLimit, _time);
            else
            {
                _manager.RequestRefresh(); // fetches in the background
                await fetched.WaitAsync(AuthorityDocuments.TimeLimit, _time);
            }
        }
        catch (Exception)
        {
            // Callers check Current. The retriever has logged the error.
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Fetched {Keys} signing keys from authority {Authority}")]
        public static partial void KeysFetched(ILogger logger, string authority, int keys);

        [LoggerMessage(2, LogLevel.Warning, "The signing keys of authority {Authority} could not be fetched ({Fault} {Text})")]
        public static partial void FetchFailed(ILogger logger, string authority, string fault, string text);
    }
}
