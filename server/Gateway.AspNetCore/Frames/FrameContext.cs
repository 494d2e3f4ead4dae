using Gateway.Core.Connections;

namespace Gateway.AspNetCore.Frames;

/// <summary>The request by which a client came, and what a handler may do about it.</summary>
public sealed class FrameContext
{
    private readonly HttpContext _http;

    internal FrameContext(HttpContext http, string connectionId, UserIdentity user, string hub, FrameRooms rooms)
    {
        _http = http;
        ConnectionId = connectionId;
        User = user;
        Hub = hub;
        Rooms = rooms;
    }

    /// <summary>The session's id: unique, and the same in the logs and towards other clients.</summary>
    public string ConnectionId { get; }

    /// <summary>The authenticated user, or a guest, as in every dialect.</summary>
    public UserIdentity User { get; }

    /// <summary>Empty for the default one.</summary>
    public string Hub { get; }

    /// <summary>The rooms of the hub, to hear and to speak in, from <see cref="IFrameHandler.EnterAsync"/> on.</summary>
    public FrameRooms Rooms { get; }

    /// <summary>Query and headers; valid in <see cref="IFrameHandler.InitAsync"/>.</summary>
    public HttpRequest Request => _http.Request;

    /// <summary>They go out with the answer that accepts the WebSocket, or with the refusal.</summary>
    public IHeaderDictionary ResponseHeaders => _http.Response.Headers;

    /// <summary>What the client offers, in its order of preference.</summary>
    public IList<string> OfferedSubProtocols => _http.WebSockets.WebSocketRequestedProtocols;

    /// <summary>One of those that the client offers; <c>null</c> for none.</summary>
    public string? SubProtocol { get; set; }

    internal (int Status, string Text)? Refusal { get; private set; }

    /// <summary>Does not accept the WebSocket: the client gets the status and the text instead.</summary>
    /// <param name="status">400 to 599.</param>
    public void Refuse(int status, string text)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(status, 400);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(status, 599);
        Refusal = (status, text);
    }
}
