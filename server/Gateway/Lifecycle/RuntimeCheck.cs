namespace Gateway.Lifecycle;

/// <summary>Refuses to start on a .NET runtime with a web server that is known to be too old.</summary>
internal static class RuntimeCheck
{
    /// <summary>
    /// The oldest runtime that the gateway is tested with. Earlier patches lack fixes of the web server, including security fixes.
    /// </summary>
    public static readonly Version Oldest = new(10, 0, 11);

    /// <returns><c>null</c> if the runtime is new enough.</returns>
    public static string? Problem(Version runtime) => runtime >= Oldest ? null
        : $"the .NET runtime is {runtime}, but the gateway needs {Oldest} or later, which has security fixes of the web server; "
          + "install the current ASP.NET Core runtime 10.0, or use the current container image";
}
