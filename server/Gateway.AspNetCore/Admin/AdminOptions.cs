namespace Gateway.AspNetCore.Admin;

/// <summary>Options for the HTTP API for servers and operators.</summary>
public class AdminOptions
{
    /// <summary>
    /// Gets or sets the key that requests send in the header <c>X-Api-Key</c>: 16 to 256 visible ASCII characters. During a rotation, set
    /// two keys; both are valid. Without a key, the API is disabled.
    /// </summary>
    public IList<string> ApiKey { get; set; } = [];
}
