using Microsoft.Extensions.Options;

namespace Gateway.Core.Configuration;

/// <summary>
/// Checks options that code has set by the rules that hold for configuration: each value is written as configuration would write it, and
/// read again. So there is one list of what is allowed.
/// </summary>
/// <param name="rules">What holds between keys.</param>
internal sealed class SchemaValidator<T>(Shape<T> schema, Action<T, Binding>? rules = null) : IValidateOptions<T>
    where T : class
{
    public ValidateOptionsResult Validate(string? name, T options)
    {
        var binding = new Binding([]);
        schema.Check(options, "", binding);
        rules?.Invoke(options, binding);
        return binding.Errors.Count == 0 ? ValidateOptionsResult.Success
            : ValidateOptionsResult.Fail(binding.Errors.Select(error => $"{error.Key}: {error.Problem}"));
    }
}
