namespace Gateway.AspNetCore.Admin;

public class AdminOptions
{
    /// <summary>None: the API is off. Else one, or two while it is rotated, of at least 16 characters.</summary>
    public IList<string> ApiKey { get; set; } = [];


}
