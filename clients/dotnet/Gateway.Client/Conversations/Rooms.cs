using System.Text.Json;
using System.Text.Json.Nodes;
using Gateway.Client.Wire;

namespace Gateway.Client.Conversations;

/// <summary>
/// The rooms that the application wants to be in. On each connection they are entered again, each from where the application has come to.
/// </summary>
/// <param name="gate">Guards everything here.</param>
/// <param name="changed">Called when a room has become free for what is to be sent there.</param>
/// <param name="answersInOrder">See <see cref="Room"/>.</param>
internal sealed class Rooms(Lock gate, IReceiver to, TimeSpan timeout, bool answersInOrder, Action changed)
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    private readonly Dictionary<string, WantedRoom> _wishes = new(StringComparer.Ordinal);

    /// <summary>Where the present connection was in from the start, and from which place on.</summary>
    private readonly Dictionary<string, Position?> _entered = new(StringComparer.Ordinal);

    /// <summary>Rooms in which connections begin, whether they are wanted or not.</summary>
    private readonly HashSet<string> _auto = new(StringComparer.Ordinal);

    private Connected? _link;

    public IReadOnlyList<string> Names
    {
        get { lock (gate) return [.. _wishes.Values.Where(wish => wish.WasIn).Select(wish => wish.Room.Name)]; }
    }

    public Position? PositionOf(string room)
    {
        lock (gate) return _wishes.GetValueOrDefault(room)?.Room.Position;
    }

    /// <summary>The room is wanted, and this connection is not in it yet: what is sent there has to wait.</summary>
    public bool IsPending(string room) => _wishes.GetValueOrDefault(room)?.Room.IsIn == false;

    public async Task<RoomPosition> JoinAsync(string room, CancellationToken cancel)
    {
        Task<RoomPosition> first;
        lock (gate)
        {
            if (!_wishes.TryGetValue(room, out var wish))
            {
                wish = AddWanted(room);
                if (_link != null) _ = EnterAsync(wish, _link);
            }
            first = wish.First.Task;
        }
        try
        {
            return await first.WaitAsync(timeout, cancel).ConfigureAwait(false);
        }
        catch (Exception fault) when (fault is TimeoutException or OperationCanceledException)
        {
            _ = LeaveQuietlyAsync(room); // whoever is told that it is not in is not in
            if (fault is TimeoutException) throw new GatewayException(GatewayErrors.Timeout, $"room {room} was not entered in time");
            throw;
        }
    }

    /// <summary>Messages of the room may still come until this is done.</summary>
    public async Task LeaveAsync(string room, CancellationToken cancel)
    {
        WantedRoom? wish;
        Connected? link;
        lock (gate)
        {
            _wishes.Remove(room, out wish);
            wish?.First.TrySetException(new GatewayException(GatewayErrors.Left, $"room {room} was left"));
            link = _link;
            changed();
        }
        if (link == null) return;
        try
        {
            await QuitAsync(room, link, wasWanted: wish != null).WaitAsync(timeout, cancel).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            throw new GatewayException(GatewayErrors.Timeout, $"room {room} was not left in time");
        }
    }

    /// <summary>
    /// What the gateway says first on a connection. The rooms in which it begins are wanted, unless they were left before.
    /// </summary>
    public void Welcomed(IReadOnlyList<RoomPosition> rooms)
    {
        lock (gate)
        {
            foreach (var entry in rooms)
            {
                _entered[entry.Room] = entry is { Epoch: { } epoch, Offset: { } offset } ? new Position(epoch, offset) : null;
                if (_wishes.TryGetValue(entry.Room, out var wish))
                {
                    if (!wish.Room.IsIn) wish.Room.Away(); // what an attempt brought that then failed
                }
                else if (_auto.Add(entry.Room))
                {
                    wish = AddWanted(entry.Room);
                    wish.Room.Entered(new JoinAnswer(entry.Room, entry.Epoch, entry.Offset, null, null, null), null);
                    wish.Enter();
                }
            }
        }
    }

    /// <summary>There is a new connection.</summary>
    public void ConnectedBy(ILink link)
    {
        lock (gate)
        {
            _link = new Connected(link);
            foreach (var room in _entered.Keys.Where(room => !_wishes.ContainsKey(room)).ToList()) _ = QuitQuietlyAsync(room, _link);
            foreach (var wish in _wishes.Values.Where(wish => !wish.Room.IsIn).ToList()) _ = EnterAsync(wish, _link);
        }
    }

    /// <summary>The connection has gone, and whatever it still brings is not listened to.</summary>
    public void Away()
    {
        lock (gate)
        {
            _link?.End();
            _link = null;
            _entered.Clear();
            foreach (var wish in _wishes.Values) wish.Room.Away();
        }
    }

    public void Receive(GatewayMessage message)
    {
        lock (gate)
        {
            if (Place.RoomOf(message) is { } name && _wishes.TryGetValue(name, out var wish))
            {
                wish.Room.Receive(message);
                return;
            }
            if (Place.GapIn(message) is { } gap)
                to.Gap(new Gap(gap.Room, gap.Reason ?? "slow consumer", null, gap.From, gap.To, gap.Missed));
            to.Message(message);
        }
    }

    /// <summary>There will be no connection. Those rooms are kept that the client was in, should there be one all the same.</summary>
    public void Close(GatewayException error)
    {
        lock (gate)
        {
            Away();
            foreach (var (name, wish) in _wishes.ToList())
            {
                wish.First.TrySetException(error);
                if (!wish.WasIn) _wishes.Remove(name);
            }
        }
    }

    private WantedRoom AddWanted(string room)
    {
        var wish = new WantedRoom(new Room(room, to, answersInOrder));
        _ = wish.First.Task.Exception; // whoever asked hears of it; nobody may be listening any more
        return _wishes[room] = wish;
    }

    private async Task EnterAsync(WantedRoom wish, Connected connected)
    {
        var room = wish.Room;
        bool IsOff() => connected.Over.IsCancellationRequested || _wishes.GetValueOrDefault(room.Name) != wish;
        while (true)
        {
            try
            {
                var answer = await connected.PassAsync(() =>
                {
                    lock (gate)
                    {
                        if (IsOff()) throw new LinkLostException();
                        var payload = new JsonObject { ["room"] = room.Name };
                        if (room.Position is { } since)
                            payload["since"] = new JsonObject { ["epoch"] = since.Epoch, ["offset"] = since.Offset };
                        return connected.Link.CallAsync("join", payload);
                    }
                }).ConfigureAwait(false);
                lock (gate)
                {
                    if (IsOff()) return;
                    room.Entered(JoinAnswerOf(answer), _entered.GetValueOrDefault(room.Name));
                    wish.Enter();
                    changed();
                    return;
                }
            }
            catch (GatewayException refused) when (refused.Code is not ("429" or "500" or "503"))
            {
                lock (gate)
                {
                    if (!IsOff()) Refused(wish, refused);
                }
                return;
            }
            catch (Exception fault) when (fault is LinkLostException or OperationCanceledException or ObjectDisposedException)
            {
                return; // the next connection enters it
            }
            catch (Exception fault) when (fault is UnansweredException or GatewayException)
            {
                if (fault is GatewayException { Code: "429" }) continue; // it has waited
                if (!await PauseAsync(connected.Over).ConfigureAwait(false)) return;
            }
        }
    }

    private static JoinAnswer JoinAnswerOf(JsonElement answer)
    {
        var read = Answers.Read(answer, GatewayJson.Default.JoinAnswer, "join");
        return read is { Offset: null or >= 0, Replayed: null or >= 0 }
            ? read
            : throw new GatewayException(GatewayErrors.MalformedMessage, "the answer to join is malformed");
    }

    private void Refused(WantedRoom wish, GatewayException error)
    {
        _wishes.Remove(wish.Room.Name);
        wish.First.TrySetException(error);
        changed(); // what is to be sent there gets the same answer
        if (wish.WasIn) to.Left(new RoomLeft(wish.Room.Name, error));
    }

    private async Task LeaveQuietlyAsync(string room)
    {
        try
        {
            await LeaveAsync(room, default).ConfigureAwait(false);
        }
        catch (Exception)
        {
            // It goes with the connection.
        }
    }

    private async Task QuitQuietlyAsync(string room, Connected connected)
    {
        try
        {
            await QuitAsync(room, connected, wasWanted: true).ConfigureAwait(false);
        }
        catch (GatewayException)
        {
            // Nobody asked just now.
        }
    }

    /// <param name="wasWanted">Then it is no error not to be in.</param>
    private async Task QuitAsync(string room, Connected connected, bool wasWanted)
    {
        bool IsOff() => connected.Over.IsCancellationRequested || _wishes.ContainsKey(room);
        while (true)
        {
            try
            {
                await connected.PassAsync(() =>
                {
                    lock (gate)
                        return IsOff()
                            ? throw new LinkLostException()
                            : connected.Link.CallAsync("leave", new JsonObject { ["room"] = room });
                }).ConfigureAwait(false);
                return;
            }
            catch (Exception fault) when (fault is LinkLostException or OperationCanceledException or ObjectDisposedException)
            {
                return; // out with the connection
            }
            catch (GatewayException refused) when (refused.Code == "404" && wasWanted)
            {
                return;
            }
            catch (GatewayException refused) when (refused.Code == "429")
            {
                // It has waited.
            }
            catch (UnansweredException)
            {
                if (!await PauseAsync(connected.Over).ConfigureAwait(false)) return;
            }
        }
    }

    private static async Task<bool> PauseAsync(CancellationToken over)
    {
        await Task.Delay(RetryDelay, over).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return !over.IsCancellationRequested;
    }
}
