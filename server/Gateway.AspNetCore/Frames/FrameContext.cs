using Gateway.Core.Connections;

namespace Gateway.AspNetCore.Frames;

/// <summary>Provides a frame handler with the request that opens its connection, and with the rooms of its domain.</summary>
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

    /// <summary>Gets the connection's id, as it appears in logs and in messages to other clients.</summary>
    public string ConnectionId { get; }

    /// <summary>Gets the authenticated user, or a guest.</summary>
    public UserIdentity User { get; }

    /// <summary>Gets the name of the connection's domain. Empty for the default domain.</summary>
    public string Hub { get; }

    /// <summary>Gets the rooms of the domain. Use them from <see cref="IFrameHandler.EnterAsync"/> on.</summary>
    public FrameRooms Rooms { get; }

    /// <summary>Gets the HTTP request, with its query and headers. Valid only in <see cref="IFrameHandler.InitAsync"/>.</summary>
    public HttpRequest Request => _http.Request;

    /// <summary>Gets the headers of the response that accepts or refuses the WebSocket.</summary>
    public IHeaderDictionary ResponseHeaders => _http.Response.Headers;

    /// <summary>Gets the sub-protocols that the client offers, in its order of preference.</summary>
    public IList<string> OfferedSubProtocols => _http.WebSockets.WebSocketRequestedProtocols;

    /// <summary>
    /// Gets or sets the sub-protocol to use, one of <see cref="OfferedSubProtocols"/>, or <see langword="null"/> for none.
    /// </summary>
    public string? SubProtocol { get; set; }

    internal (int Status, string Text)? Refusal { get; private set; }

    /// <summary>Refuses the WebSocket. The client gets the status and the text instead.</summary>
    /// <param name="status">The HTTP status, from 400 to 599.</param>
    /// <param name="text">The body of the response.</param>
    public void Refuse(int status, string text)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(status, 400);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(status, 599);
        Refusal = (status, text);
    }
}
