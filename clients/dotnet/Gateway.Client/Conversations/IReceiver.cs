namespace Gateway.Client.Conversations;

/// <summary>Where a room's messages and events go. Called under the conversation's lock; must not wait.</summary>
internal interface IReceiver
{
    void Message(GatewayMessage message);

    void Gap(Gap gap);

    void Resumed(Resumed resumed);

    void Left(RoomLeft left);
}
