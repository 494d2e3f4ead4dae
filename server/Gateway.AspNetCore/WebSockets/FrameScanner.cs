namespace Gateway.AspNetCore.WebSockets;

/// <summary>
/// Parses the frame headers in the bytes of a client (RFC 6455 section 5.2), and counts the frames that are not messages: pings, pongs,
/// closes, empty frames, and fragments below <see cref="SmallBytes"/>. The message size limits larger fragments. Payloads are skipped.
/// </summary>
/// <param name="endsRecords">Whether messages are SignalR records: then a frame that completes no record counts too.</param>
internal struct FrameScanner(bool endsRecords)
{
    private const int SmallBytes = 1024;
    private const int ShortHeaderBytes = 6; // opcode, length, mask
    private const byte RecordSeparator = 0x1e;

    private Part _part;
    private byte _opcode; // with FIN
    private byte _left; // bytes of the length or of the mask
    private byte _lastMask; // of the payload's last byte
    private bool _checksLastByte;
    private long _length;
    private long _payloadLeft;

    /// <summary>Gets whether a close frame has begun.</summary>
    public bool HasClose { get; private set; }

    private enum Part : byte
    {
        Opcode,
        Length,
        LongLength,
        Mask,
        Payload,
    }

    /// <returns>How many of the frames in these bytes count.</returns>
    public int Scan(ReadOnlySpan<byte> bytes)
    {
        var counted = 0;
        while (!bytes.IsEmpty)
        {
            if (_part == Part.Payload)
            {
                var count = (int)Math.Min(_payloadLeft, bytes.Length);
                _payloadLeft -= count;
                if (_payloadLeft == 0)
                {
                    if (_checksLastByte && (bytes[count - 1] ^ _lastMask) != RecordSeparator) counted++;
                    _part = Part.Opcode;
                }
                bytes = bytes[count..];
                continue;
            }
            // The common case.
            if (_part == Part.Opcode && bytes.Length >= ShortHeaderBytes && (bytes[1] & 0x7f) < 126 && bytes[1] >= 0x80)
            {
                (_opcode, _length) = (bytes[0], bytes[1] & 0x7f);
                _lastMask = bytes[2 + (int)((_length - 1) & 3)];
                counted += StartPayload() ? 1 : 0;
                bytes = bytes[ShortHeaderBytes..];
                continue;
            }
            if (ReadHeader(bytes[0])) counted += StartPayload() ? 1 : 0;
            bytes = bytes[1..];
        }
        return counted;
    }

    /// <returns>True when the header is complete.</returns>
    private bool ReadHeader(byte next)
    {
        switch (_part)
        {
            case Part.Opcode:
                _opcode = next;
                _part = Part.Length;
                return false;
            case Part.Length:
                _length = next & 0x7f;
                _lastMask = 0;
                var masked = (next & 0x80) != 0;
                if (_length >= 126)
                {
                    _left = _length == 126 ? (byte)2 : (byte)8;
                    _length = 0;
                    _part = Part.LongLength;
                    return false;
                }
                return StartMask(masked);
            case Part.LongLength:
                _length = (_length << 8) | next;
                return --_left == 0 && StartMask(masked: true); // a client's frames are masked; the framework rejects others
            default:
                if (4 - _left == ((_length - 1) & 3)) _lastMask = next;
                return --_left == 0;
        }
    }

    private bool StartMask(bool masked)
    {
        _part = Part.Mask;
        _left = 4;
        return !masked;
    }

    /// <summary>The header is complete.</summary>
    /// <returns><c>true</c> if the frame counts.</returns>
    private bool StartPayload()
    {
        var (final, opcode) = ((_opcode & 0x80) != 0, _opcode & 0xf);
        var whole = final && opcode is (1 or 2);
        HasClose |= opcode == 8;
        _payloadLeft = _length;
        _part = _length > 0 ? Part.Payload : Part.Opcode;
        _checksLastByte = endsRecords && whole && _length is > 0 and < SmallBytes;
        return opcode >= 8 || _length == 0 || (!whole && _length < SmallBytes);
    }
}
