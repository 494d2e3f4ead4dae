using Gateway.Core.Messages;
using Gateway.Core.Rooms;

namespace Gateway.AspNetCore.Admin;

/// <summary>Endpoints that publish a message to a room, a user or everyone.</summary>
internal static class MessageEndpoints
{
    public static void Map(IEndpointRouteBuilder api)
    {
        Describe(
            api.MapPost("/rooms/{room}/messages", (string room, HttpContext context, MessageRequest request) =>
                RoomName.Check(room) is { } error
                    ? Task.FromResult(Problems.Of(error))
                    : request.PublishAsync(context, Audience.Room(RoomName.Normalize(room)))),
            "PublishToRoom",
            "Publish to a room",
            "Every member gets it, in either dialect, on every replica; the room's history keeps it. The room's policy binds clients, "
            + "not servers.");
        Describe(
                api.MapPost("/users/{id}/messages", (string id, HttpContext context, MessageRequest request) =>
                    request.PublishAsync(context, Audience.User(id))),
                "PublishToUser",
                "Publish to a user",
                "All connections of the user get it, on every replica.")
            .AddEndpointFilter(UserEndpoints.CheckIdAsync).ProducesProblem(StatusCodes.Status404NotFound);
        Describe(
            api.MapPost("/messages", (HttpContext context, MessageRequest request) => request.PublishAsync(context, Audience.Everyone)),
            "PublishToEveryone",
            "Publish to everyone",
            "Every connection gets it, on every replica.");
    }

    private static RouteHandlerBuilder Describe(RouteHandlerBuilder endpoint, string name, string summary, string description) => endpoint
        .WithName(name).WithTags("messages").WithSummary(summary).WithDescription(description).WithMetadata(new AcceptsIdempotencyKey())
        .Accepts<MessageBody>("application/json").Produces<PublishedMessage>()
        .ProducesProblem(StatusCodes.Status400BadRequest).ProducesProblem(StatusCodes.Status409Conflict)
        .ProducesProblem(StatusCodes.Status413PayloadTooLarge)
        .ProducesProblem(StatusCodes.Status415UnsupportedMediaType).ProducesProblem(StatusCodes.Status503ServiceUnavailable);
}

/// <summary>Marks an endpoint that accepts an idempotency key.</summary>
internal sealed class AcceptsIdempotencyKey;
