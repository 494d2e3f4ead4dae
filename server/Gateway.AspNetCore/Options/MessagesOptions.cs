using Gateway.Core.Commands;
using Gateway.Core.Messages;

namespace Gateway.AspNetCore.Options;

public sealed class MessagesOptions
{
    /// <summary>Any type is relayed to the sender's room as it is.</summary>
    public bool RelayUnknown { get; set; }

    /// <summary>How long a <c>message_id</c> is known, so that its message is not published twice; 1s to 24h.</summary>
    public TimeSpan IdempotencyWindow { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>To whom users may send <c>direct</c> messages.</summary>
    public DirectReach Direct { get; set; } = DirectReach.SharedRoom;

    /// <summary>Users with one of these roles may send <c>direct</c> messages to everyone.</summary>
    public IList<string> DirectRoles { get; set; } = [];

    /// <summary>Types that clients may send beside the built-in ones.</summary>
    public IDictionary<string, CustomMessageOptions> Custom { get; set; } = new Dictionary<string, CustomMessageOptions>();
}

public sealed class CustomMessageOptions
{
    public PublishRight Publish { get; set; } = PublishRight.Members;

    /// <summary>Not set: the room's.</summary>
    public SlowConsumerPolicy? OnFull { get; set; }
}
