using Gateway.Benchmarks.Load;

namespace Gateway.Benchmarks.History;

/// <summary>What a room with a full history takes in Redis.</summary>
internal static class RoomMemory
{
    /// <returns>Bytes by key; of several keys of a kind, their sum.</returns>
    public static async Task<IReadOnlyDictionary<string, long>> MeasureAsync(int messages, int bytes)
    {
        using var redis = await RedisProcess.StartAsync();
        await using var server = await ServerProcess.StartAsync(Targets.Raw([$"--rooms:defaults:history={messages}", .. redis.Arguments]));
        await using var room = await Probe.EnterAsync(server.Port, "room-m");
        await room.PublishAsync(messages, bytes);
        return await redis.MemoryAsync("{room-m}");
    }
}
