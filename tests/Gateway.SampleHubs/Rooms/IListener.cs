namespace Gateway.SampleHubs.Rooms;

/// <summary>What a client of <see cref="RoomHub"/> hears and answers.</summary>
public interface IListener
{
    Task Arrived(string name);

    Task Left(string name, string? fault);

    Task Heard(Said said);

    Task Moved(int x, int y, Price? price);

    Task Nothing();

    Task<Answer> Ask(string question);
}
