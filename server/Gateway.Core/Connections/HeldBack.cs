using Gateway.Core.Messages;

namespace Gateway.Core.Connections;

/// <summary>
/// Batches for a connection that is just being given the last of what it missed, in their order. Bounded like its outbox; as it lasts no longer
/// than one question to the backplane, more than that makes a slow consumer, whatever the policy.
/// </summary>
internal sealed class HeldBack(Connection connection)
{
    // Guarded by itself.
    private readonly List<FrameBatch> _batches = [];
    private int _messages;
    private long _bytes;
    private bool _released;

    /// <returns>False: nothing is held back any more, the batch is to be posted.</returns>
    public bool TryHold(FrameBatch batch)
    {
        lock (_batches)
        {
            if (_released) return false;
            _messages += batch.Count;
            _bytes += batch.Bytes.Length;
            if (_messages <= connection.Outbox.Limits.Messages && _bytes <= connection.Outbox.Limits.Bytes)
            {
                _batches.Add(batch);
                return true;
            }
            _batches.Clear();
        }
        connection.Close(CloseReason.SlowConsumer);
        return true;
    }

    /// <summary>Posts what was held back; from now on nothing is.</summary>
    public void Release()
    {
        lock (_batches)
        {
            _released = true;
            foreach (var batch in _batches) connection.Outbox.Post(batch);
            _batches.Clear();
        }
    }
}
