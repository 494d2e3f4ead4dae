namespace Gateway.Core.Configuration;

/// <summary>Reads a value from text. Returns <c>false</c> if the text is not allowed.</summary>
internal delegate bool TryRead<T>(string text, out T value);

/// <summary>One value. <see cref="Values"/> has the kinds.</summary>
/// <param name="allowed">What is allowed, in words that complete "allowed: …".</param>
internal sealed class Value<T>(
    string allowed, TryRead<T> read, Func<T, string?> write, bool secret = false, Func<string, string>? explain = null) : Shape<T>
{
    /// <summary>What is allowed, in words that complete "allowed: …".</summary>
    public string Allowed => allowed;

    /// <summary>Returns the same kind of value as a secret, which no message shows.</summary>
    /// <param name="explain">Explains what is wrong with a text, without showing the secret.</param>
    public Value<T> Secret(Func<string, string>? explain = null) => new(allowed, read, write, secret: true, explain);

    public override T Bind(T current, Setting setting, string key, Binding binding)
    {
        if (setting is not TextSetting text)
        {
            binding.Report(key, $"must be one value, not a list or a section; allowed: {allowed}", setting.Origin);
            return current;
        }
        if (!read(text.Text, out var value))
        {
            var wrong = explain?.Invoke(text.Text) ?? (secret ? "the value" : Printable.Quoted(text.Text)) + " is not allowed";
            binding.Report(key, $"{wrong}; allowed: {allowed}", setting.Origin);
            return current;
        }
        binding.SetOrigin(key, setting.Origin);
        return value;
    }

    public override void Check(T current, string key, Binding binding)
    {
        var text = current is null ? null : write(current);
        if (text == null || !read(text, out _))
        {
            var shown = secret ? "the value" : Printable.Quoted(text ?? current?.ToString() ?? "null");
            binding.Report(key, $"{shown} is not allowed; allowed: {allowed}", Origin.Default);
        }
    }

    public override void Describe(T current, string key, ICollection<KeyDescription> keys) =>
        keys.Add(new KeyDescription(key, write(current), allowed));
}
