namespace Gateway.Lifecycle;

/// <summary>The gateway stands on the framework's web server, so it does not start on one that is known to be too old.</summary>
internal static class RuntimeCheck
{
    /// <summary>The oldest runtime that the gateway is tested with. Earlier patches lack fixes of the web server, some of them for its security.</summary>
    public static readonly Version Oldest = new(10, 0, 11);

    /// <returns><c>null</c> if there is none.</returns>
    public static string? Problem(Version runtime) => runtime >= Oldest ? null
        : $"the .NET runtime is {runtime}, the gateway needs {Oldest} or newer: earlier ones lack fixes of the web server, security fixes among them; "
          + "install the current ASP.NET Core runtime 10.0, or use the current container image";
}
