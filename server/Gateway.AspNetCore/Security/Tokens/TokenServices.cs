using Gateway.Core.Commands;
namespace Gateway.AspNetCore.Security.Tokens;

/// <summary>Registers the services that authenticate by token.</summary>
internal static class TokenServices
{
    public static void AddTokens(this IServiceCollection services)
    {
        services.AddSingleton<TokenVerifier>();
        services.AddSingleton<VerifyToken>(p => p.GetRequiredService<TokenVerifier>().VerifyAsync);
        services.AddSingleton<TokenAuthentication>();
    }
}
