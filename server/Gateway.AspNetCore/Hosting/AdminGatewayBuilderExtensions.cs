using Gateway.AspNetCore.Admin;
using Gateway.Core.Configuration;
using Gateway.Core.Hosting;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds the HTTP API for servers and operators.</summary>
public static class AdminGatewayBuilderExtensions
{
    /// <summary>Adds the HTTP API for servers and operators. <c>MapGatewayAdminApi</c> maps it.</summary>
    /// <param name="configure">Sets the key.</param>
    public static IGatewayBuilder AddAdminApi(this IGatewayBuilder builder, Action<AdminOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(configure);
        builder.Services.AddOptions<AdminOptions>().Configure(configure).ValidateOnStart();
        builder.Services.AddSingleton<IValidateOptions<AdminOptions>>(new SchemaValidator<AdminOptions>(AdminSchema.Admin, KeyIsThere));
        builder.Services.AddSingleton(p => p.GetRequiredService<IOptions<AdminOptions>>().Value);
        AdminApi.AddServices(builder.Services);
        return builder;
    }

    private static void KeyIsThere(AdminOptions options, Binding binding)
    {
        if (options.ApiKey.Count == 0)
            binding.Report("api_key", "is missing; the admin API needs a key of 16 to 256 visible ASCII characters", Origin.Default);
    }

    /// <summary>For the program, whose configuration has made the options.</summary>
    internal static IGatewayBuilder AddAdminApi(this IGatewayBuilder builder, AdminOptions options)
    {
        builder.Services.AddSingleton(options);
        AdminApi.AddServices(builder.Services);
        builder.Services.ConfigureHttpJsonOptions(static json => AdminJson.Configure(json.SerializerOptions));
        builder.Services.AddAdminDocument();
        return builder;
    }
}
