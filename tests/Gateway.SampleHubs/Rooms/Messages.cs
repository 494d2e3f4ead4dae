using System.Text.Json;
using System.Text.Json.Serialization;

namespace Gateway.SampleHubs.Rooms;

public enum Mood
{
    Calm,
    VeryHappy,
}

/// <summary>What somebody said. Everything that is not set is left out, because the application's JSON options say so.</summary>
public sealed record Said(
    string SaidBy, string Text, Mood MoodOfSpeaker = Mood.Calm, Price? AskedFor = null, DateTimeOffset? SaidAt = null);

public sealed record Answer(string Text, int GivenAfter = 0);

public readonly record struct Price(decimal Amount, string Currency);

/// <summary>A price is a text: <c>"12.50 EUR"</c>.</summary>
public sealed class PriceConverter : JsonConverter<Price>
{
    public override Price Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.GetString()!.Split(' ') is [var amount, var currency]
            ? new Price(decimal.Parse(amount, System.Globalization.CultureInfo.InvariantCulture), currency)
            : throw new JsonException("a price is an amount and a currency");

    public override void Write(Utf8JsonWriter writer, Price value, JsonSerializerOptions options) =>
        writer.WriteStringValue(FormattableString.Invariant($"{value.Amount:0.00} {value.Currency}"));
}
