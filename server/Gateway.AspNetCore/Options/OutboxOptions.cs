using Gateway.Core.Messages;

namespace Gateway.AspNetCore.Options;

/// <summary>Options for the outbox: the messages that wait for one connection.</summary>
public sealed class OutboxOptions
{
    /// <summary>Gets or sets the maximum number of messages that wait for one connection, from 1 to 65536. The default is 256.</summary>
    public int Capacity { get; set; } = 256;

    /// <summary>
    /// Gets or sets the maximum number of bytes that wait for one connection, from 4096 to 1073741824. The default is 1048576.
    /// </summary>
    public long MaxBytes { get; set; } = 1048576;

    /// <summary>Gets or sets what happens when the outbox is full. The default is <see cref="SlowConsumerPolicy.Disconnect"/>.</summary>
    public SlowConsumerPolicy OnFull { get; set; } = SlowConsumerPolicy.Disconnect;
}
