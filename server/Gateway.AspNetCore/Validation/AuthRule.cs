using Gateway.AspNetCore.Options;
using Gateway.AspNetCore.Security.Tokens;
using Gateway.Core.Configuration;

namespace Gateway.AspNetCore.Validation;

/// <summary>
/// Validates the key at startup, not on the first token: <c>auth.mode: jwt</c> needs exactly one kind of key, and it must be usable.
/// </summary>
internal static class AuthRule
{
    private const string Mode = "auth.mode";

    public static void Check(AuthOptions auth, string directory, Binding binding)
    {
        if (!binding.AreValid(Mode))
            return;
        var kinds = new[]
        {
            ("auth.signing_key", string.Concat(auth.SigningKey)),
            ("auth.public_key_file", auth.PublicKeyFile),
            ("auth.authority", auth.Authority),
        }
            .Where(kind => kind.Item2.Length > 0 || !binding.AreValid(kind.Item1))
            .Select(kind => kind.Item1)
            .ToList();
        if (auth.Mode == AuthMode.None)
        {
            // A key without the mode would be a gateway that admits everyone.
            foreach (var kind in kinds)
                binding.Report(kind, "is set, but auth.mode is none; it needs jwt", binding.OriginOf(kind));
            return;
        }
        if (kinds.Count == 0)
            binding.Report(Mode, "jwt needs one of auth.signing_key, auth.public_key_file, auth.authority", binding.OriginOf(Mode));
        foreach (var second in kinds.Skip(1))
            binding.Report(
                second, $"does not go with {kinds[0]}; allowed: one of auth.signing_key, auth.public_key_file, auth.authority",
                binding.OriginOf(second));
        PublicKeyCanBeRead(auth, directory, binding);
        AuthorityHasAudience(auth, binding);
    }

    private static void PublicKeyCanBeRead(AuthOptions auth, string directory, Binding binding)
    {
        const string key = "auth.public_key_file";
        if (auth.PublicKeyFile.Length == 0 || !binding.AreValid(key))
            return;
        var (text, problem) = TextFile.Read(auth.PublicKeyFile, directory);
        if (text is null)
            binding.Report(key, $"cannot be read: {problem}: {Printable.Quoted(auth.PublicKeyFile)}", binding.OriginOf(key));
        else if (PemKey.Read(text).Problem is { Length: > 0 } unusable)
            binding.Report(key, unusable, binding.OriginOf(key));
    }

    private static void AuthorityHasAudience(AuthOptions auth, Binding binding)
    {
        if (auth.Authority.Length > 0 && auth.Audience.Length == 0 && binding.AreValid("auth.audience", "auth.authority"))
            binding.Report(
                "auth.audience", "is missing; an authority issues tokens for others, too, so auth.authority needs it",
                binding.OriginOf("auth.audience"));
    }
}
