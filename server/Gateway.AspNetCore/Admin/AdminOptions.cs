namespace Gateway.AspNetCore.Admin;

/// <summary>Options of the HTTP API for servers and operators.</summary>
public class AdminOptions
{
    /// <summary>
    /// One key, or two while one replaces the other: 16 to 256 visible ASCII characters. Requests carry it in the header <c>X-Api-Key</c>.
    /// Without one the API is off.
    /// </summary>
    public IList<string> ApiKey { get; set; } = [];
}
