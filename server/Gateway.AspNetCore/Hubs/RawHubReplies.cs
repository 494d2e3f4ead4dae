using System.Text.Json;
using Gateway.Core.Messages;
using Gateway.Core.Wire;
using Microsoft.AspNetCore.SignalR.Protocol;

namespace Gateway.AspNetCore.Hubs;

/// <summary>
/// Writes what a hub sends to a raw client. Values are serialized with the application's options.
/// <code>
/// {"type":"ack","id":I,"payload":R}
/// {"type":"error","id":I?,"payload":{"code":400,"message":"…"}}
/// {"type":"item","id":I,"payload":P}
/// {"type":T,"payload":P,"id":I?}         P: one argument itself, several as an array, none as null; I: the client has to answer
/// </code>
/// </summary>
internal sealed partial class RawHubReplies(JsonSerializerOptions json, bool detailedErrors, ILogger logger)
{
    /// <param name="id">JSON.</param>
    public byte[] Ack(string id, object? result)
    {
        try
        {
            return Reply("ack", id, result);
        }
        catch (Exception fault)
        {
            Log.NotSerialized(logger, fault, result?.GetType());
            return Error(id, Core.Messages.Error.Internal);
        }
    }

    /// <param name="id">JSON.</param>
    public byte[] Item(string id, object? item) => Reply("item", id, item);

    /// <param name="id">JSON; <c>null</c> if the client gave none.</param>
    /// <param name="text">What SignalR tells the client.</param>
    public byte[] Error(string? id, string text) => Error(id, RawHubErrors.Read(text, detailedErrors));

    /// <param name="target">The type of the message.</param>
    /// <param name="arguments">The arguments.</param>
    /// <param name="id">The id for the client's answer, as text; <c>null</c> if it is not to answer.</param>
    public byte[] Call(string target, object?[] arguments, string? id) =>
        JsonText.Write((Target: target, Arguments: arguments, Id: id), (writer, call) =>
        {
            writer.WriteStartObject();
            writer.WriteString("type"u8, call.Target);
            writer.WritePropertyName("payload"u8);
            if (call.Arguments.Length == 0) writer.WriteNullValue();
            else if (call.Arguments.Length == 1) WriteValue(writer, call.Arguments[0]);
            else
            {
                writer.WriteStartArray();
                foreach (var argument in call.Arguments) WriteValue(writer, argument);
                writer.WriteEndArray();
            }
            if (call.Id != null) writer.WriteString("id"u8, call.Id);
            writer.WriteEndObject();
        });

    private static byte[] Error(string? id, Error error) => JsonText.Write((Id: id, Error: error), static (writer, reply) =>
    {
        writer.WriteStartObject();
        writer.WriteString("type"u8, "error"u8);
        if (reply.Id != null) WriteId(writer, reply.Id);
        writer.WriteStartObject("payload"u8);
        writer.WriteNumber("code"u8, reply.Error.Code);
        writer.WriteString("message"u8, reply.Error.Text);
        writer.WriteEndObject();
        writer.WriteEndObject();
    });

    private static void WriteId(Utf8JsonWriter writer, string id)
    {
        writer.WritePropertyName("id"u8);
        writer.WriteRawValue(id, skipInputValidation: true);
    }

    private byte[] Reply(string type, string id, object? value) => JsonText.Write((Type: type, Id: id, Value: value), (writer, reply) =>
    {
        writer.WriteStartObject();
        writer.WriteString("type"u8, reply.Type);
        WriteId(writer, reply.Id);
        writer.WritePropertyName("payload"u8);
        WriteValue(writer, reply.Value);
        writer.WriteEndObject();
    });

    private void WriteValue(Utf8JsonWriter writer, object? value)
    {
        if (value == null) writer.WriteNullValue();
        else if (value is RawResult raw) writer.WriteRawValue(raw.RawSerializedData, skipInputValidation: true);
        else JsonSerializer.Serialize(writer, value, value.GetType(), json);
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "A result of type {Type} cannot be serialized as JSON")]
        public static partial void NotSerialized(ILogger logger, Exception fault, Type? type);
    }
}
