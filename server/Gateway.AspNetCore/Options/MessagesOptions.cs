using Gateway.Core.Commands;
using Gateway.Core.Messages;

namespace Gateway.AspNetCore.Options;

/// <summary>Options for the messages that clients send.</summary>
public sealed class MessagesOptions
{
    /// <summary>
    /// Gets or sets whether a message of an unknown type is relayed to the sender's room as it is. The default is <see langword="false"/>.
    /// </summary>
    public bool RelayUnknown { get; set; }

    /// <summary>
    /// Gets or sets how long a <c>message_id</c> is remembered, so that its message is not published twice; from 1 second to 24 hours. The
    /// default is 5 minutes.
    /// </summary>
    public TimeSpan IdempotencyWindow { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>Gets or sets to whom users may send <c>direct</c> messages. The default is <see cref="DirectReach.SharedRoom"/>.</summary>
    public DirectReach Direct { get; set; } = DirectReach.SharedRoom;

    /// <summary>Gets or sets the roles of users who may send <c>direct</c> messages to everyone. The default is none.</summary>
    public IList<string> DirectRoles { get; set; } = [];

    /// <summary>Gets or sets the types that clients may send besides the built-in ones, by name.</summary>
    public IDictionary<string, CustomMessageOptions> Custom { get; set; } = new Dictionary<string, CustomMessageOptions>();
}

/// <summary>Options for messages of a custom type.</summary>
public sealed class CustomMessageOptions
{
    /// <summary>Gets or sets who may publish the type. The default is <see cref="PublishRight.Members"/>.</summary>
    public PublishRight Publish { get; set; } = PublishRight.Members;

    /// <summary>
    /// Gets or sets what happens when a connection's outbox is full. If <see langword="null"/>, the default, the room's policy applies.
    /// </summary>
    public SlowConsumerPolicy? OnFull { get; set; }
}
