using Gateway.Core.Messages;

namespace Gateway.AspNetCore.Options;

public sealed class OutboxOptions
{
    /// <summary>Messages waiting for one connection, 1 to 65536.</summary>
    public int Capacity { get; set; } = 256;

    /// <summary>Bytes waiting for one connection, 4096 to 1073741824.</summary>
    public long MaxBytes { get; set; } = 1048576;
    public SlowConsumerPolicy OnFull { get; set; } = SlowConsumerPolicy.Disconnect;
}
