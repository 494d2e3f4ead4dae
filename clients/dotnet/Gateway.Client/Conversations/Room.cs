using Gateway.Client.Wire;

namespace Gateway.Client.Conversations;

/// <summary>
/// One room as the application has seen it: how far it has come in the room's sequence, so that it gets every message once and in order,
/// over any number of connections. Between entering and the answer to it messages wait, because only the answer says which epoch they
/// belong to.
/// </summary>
/// <param name="answersInOrder">An answer is heard after everything that came ahead of it. The stock SignalR client hears answers at once
/// and messages in their turn.</param>
internal sealed class Room(string name, IReceiver to, bool answersInOrder)
{
    private List<GatewayMessage>? _buffer = [];

    public string Name => name;

    /// <summary>The last message that was passed on; <c>null</c> in a room without offsets, and before the first answer.</summary>
    public Position? Position { get; private set; }

    /// <summary>The connection is in the room, and what comes is passed on.</summary>
    public bool IsIn => _buffer == null;

    /// <summary>The connection has gone. What it brought and nobody has seen will come again.</summary>
    public void Away() => _buffer = [];

    public void Receive(GatewayMessage message)
    {
        if (_buffer != null) _buffer.Add(message);
        else Pass(message);
    }

    /// <summary>The room was entered.</summary>
    /// <param name="entered">Where the connection's own messages of the room begin, if it was in ahead of asking; those that were missed
    /// then come after newer ones.</param>
    public void Entered(JoinAnswer answer, Position? entered)
    {
        var buffered = _buffer ?? [];
        _buffer = null;
        var since = Position;
        var start = entered ?? (answer is { Epoch: { } epoch, Offset: { } offset } ? new Position(epoch, offset) : null);
        if (since != null && start != null && answersInOrder) buffered = GoOn(buffered, since, start, answer);
        else if (since != null && start != null) GoOnAsItComes(since, start, answer);
        else Position = start;
        foreach (var message in buffered) Pass(message);
        if (since != null) to.Resumed(new Resumed(name, answer.Recovered == true, answer.Replayed ?? 0));
    }

    /// <summary>Passes on what was missed.</summary>
    /// <returns>What is newer.</returns>
    private List<GatewayMessage> GoOn(List<GatewayMessage> buffered, Position since, Position start, JoinAnswer answer)
    {
        var recovered = answer.Recovered == true;
        var replayed = answer.Replayed ?? 0;
        var until = recovered ? start.Offset : since.Offset + replayed;
        bool IsMissed(GatewayMessage message) => PlaceOf(message) > since.Offset && PlaceOf(message) <= until;
        var missed = recovered || replayed > 0 ? buffered.FindAll(IsMissed) : [];
        var newer = missed.Count > 0 ? buffered.FindAll(message => !IsMissed(message)) : buffered;
        foreach (var message in missed) Pass(message);
        if (recovered)
        {
            Advance(start.Offset); // up to here everything has come that was for us
            return newer;
        }
        to.Gap(new Gap(name, answer.Reason ?? "unknown", since.Epoch, until + 1, start.Epoch == since.Epoch ? start.Offset : null, null));
        Position = start;
        return newer;
    }

    /// <summary>
    /// What was missed may still come after its answer. It comes ahead of what is newer, so each message is passed on as it comes, and
    /// moves the position.
    /// </summary>
    private void GoOnAsItComes(Position since, Position start, JoinAnswer answer)
    {
        if (answer.Recovered == true) return;
        var isSameEpoch = start.Epoch == since.Epoch;
        var from = since.Offset + (answer.Replayed ?? 0) + 1;
        to.Gap(new Gap(name, answer.Reason ?? "unknown", since.Epoch, from, isSameEpoch ? start.Offset : null, null));
        if (!isSameEpoch) Position = start;
    }

    private void Pass(GatewayMessage message)
    {
        if (Place.GapIn(message) is { } gap)
        {
            PassGap(message, gap);
            return;
        }
        if (Place.OffsetIn(message) is { } offset && Position is { } position)
        {
            if (offset <= position.Offset) return; // seen already
            Position = position with { Offset = offset };
        }
        to.Message(message);
    }

    private void PassGap(GatewayMessage message, GapNotice gap)
    {
        to.Gap(new Gap(name, gap.Reason ?? "slow consumer", Position?.Epoch, gap.From, gap.To, gap.Missed));
        if (gap is { Epoch: { } epoch, Offset: { } offset }) Position = new Position(epoch, offset);
        else if (gap.To is { } last) Advance(last);
        to.Message(message);
    }

    private void Advance(long offset)
    {
        if (Position is { } position && offset > position.Offset) Position = position with { Offset = offset };
    }

    /// <summary>A gap stands where the first of the missing messages would.</summary>
    private static long PlaceOf(GatewayMessage message) => Place.GapIn(message)?.From ?? Place.OffsetIn(message) ?? long.MaxValue;
}
