using System.Text.Json;
using Gateway.Testing;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Protocol;

namespace Gateway.IntegrationTests.ApplicationHubs;

/// <summary>Questions to a client, asked here, of a client here or there, and everything that an answer can be.</summary>
public abstract class ClientResultSpec(HubServers servers)
{
    private HubLifetimeManager<AnyHub> Manager => servers.Here.Manager;

    [Fact]
    public async Task AnswerIsTheResult()
    {
        await using var far = await servers.There.ConnectAsync();

        var asking = AskAsync<int>(far, "sum", 2, "two");
        var asked = await far.NextAsync();
        Assert.Equal(("sum", "2, \"two\""), (asked.Target, string.Join(", ", asked.Arguments)));
        Assert.NotNull(asked.Id);
        await far.AnswerAsync(asked.Id, "4");

        Assert.Equal(4, await asking.Within("the result"));
    }

    [Theory]
    [InlineData("null")]
    [InlineData("\"a text with \\u00fc and \\\"\"")]
    public async Task TextOrNothingIsAResult(string json)
    {
        await using var far = await servers.There.ConnectAsync();

        var asking = AskAsync<string?>(far, "ask");
        await far.AnswerAsync((await far.NextAsync()).Id, json);

        Assert.Equal(JsonSerializer.Deserialize<string?>(json), await asking.Within("the result"));
    }

    [Fact]
    public async Task ObjectIsAResult()
    {
        await using var far = await servers.There.ConnectAsync();

        var asking = AskAsync<Point[]>(far, "ask");
        await far.AnswerAsync((await far.NextAsync()).Id, """[{"x":1,"y":2.5},{"y":3,"x":4}]""");

        Assert.Equal([new Point(1, 2.5), new Point(4, 3)], await asking.Within("the result"));
    }

    [Fact]
    public async Task ResultThatIsAnObjectAlreadyIsTaken()
    {
        await using var far = await servers.There.ConnectAsync();

        var asking = AskAsync<int>(far, "ask");
        var asked = await far.NextAsync();
        await servers.There.Manager.SetConnectionResultAsync(
            far.Id, CompletionMessage.WithResult(asked.Id!, 10)).Within("the result to be taken");

        Assert.Equal(10, await asking.Within("the result"));
    }

    [Fact]
    public async Task ResultOfAMegabyteArrives()
    {
        await using var far = await servers.There.ConnectAsync();
        var text = new string('x', 1 << 20);

        var asking = AskAsync<string>(far, "ask");
        await far.AnswerAsync((await far.NextAsync()).Id, $"\"{text}\"");

        Assert.Equal(text, await asking.Within("the result"));
    }

    [Fact]
    public async Task ErrorOfTheClientIsAHubException()
    {
        await using var far = await servers.There.ConnectAsync();

        var asking = AskAsync<int>(far, "ask");
        await far.AnswerWithErrorAsync((await far.NextAsync()).Id, "the client's own words");

        Assert.Equal("the client's own words", (await Assert.ThrowsAsync<HubException>(() => asking.Within("the error"))).Message);
    }

    [Fact]
    public async Task ResultThatDoesNotFitIsAHubException()
    {
        await using var far = await servers.There.ConnectAsync();

        var asking = AskAsync<int>(far, "ask");
        await far.AnswerAsync((await far.NextAsync()).Id, "\"no number\"");

        var fault = await Assert.ThrowsAsync<HubException>(() => asking.Within("the error"));
        Assert.StartsWith("Error trying to deserialize result to Int32. ", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task CancelledCallIsAHubExceptionAndALateAnswerDoesNoHarm()
    {
        await using var far = await servers.There.ConnectAsync();
        using var cancel = new CancellationTokenSource();

        var asking = Manager.InvokeConnectionAsync<int>(far.Id, "ask", [], cancel.Token);
        var asked = await far.NextAsync();
        await cancel.CancelAsync();

        Assert.Equal(
            "Invocation canceled by the server.", (await Assert.ThrowsAsync<HubException>(() => asking.Within("the error"))).Message);
        await far.AnswerAsync(asked.Id, "1");
        Assert.False(Manager.TryGetReturnType(asked.Id!, out _));
    }

    [Fact]
    public async Task CallThatIsCancelledAlreadyFails()
    {
        await using var far = await servers.There.ConnectAsync();

        await Assert.ThrowsAnyAsync<Exception>(() =>
            Manager.InvokeConnectionAsync<int>(far.Id, "ask", [], new CancellationToken(canceled: true)).Within("the error"));
    }

    [Fact]
    public async Task ClientThatLeavesWhileAskedEndsTheCall()
    {
        await using var far = await servers.There.ConnectAsync();

        var asking = AskAsync<int>(far, "ask");
        await far.NextAsync();
        await far.LeaveAsync();

        if (servers.AreTwo)
            Assert.Equal("Connection disconnected.", (await Assert.ThrowsAsync<HubException>(() => asking.Within("the error"))).Message);
        else
            Assert.Equal(
                $"Connection '{far.Id}' disconnected.", (await Assert.ThrowsAsync<IOException>(() => asking.Within("the error"))).Message);
    }

    [Fact]
    public async Task ConnectionThatIsNotThereCannotBeAsked()
    {
        var fault = await Assert.ThrowsAsync<IOException>(() =>
            Manager.InvokeConnectionAsync<int>("nobody", "ask", [], default).Within("the error"));

        Assert.Equal("Connection 'nobody' does not exist.", fault.Message);
    }

    [Fact]
    public async Task ConnectionThatLeftCannotBeAsked()
    {
        var far = await servers.There.ConnectAsync();
        await far.DisposeAsync();

        var fault = await Assert.ThrowsAsync<IOException>(() => AskAsync<int>(far, "ask").Within("the error"));

        Assert.Equal($"Connection '{far.Id}' does not exist.", fault.Message);
    }

    [Fact]
    public async Task AnswerOfAnotherClientIsRefusedAndTheCallGoesOn()
    {
        await using var far = await servers.There.ConnectAsync();
        await using var other = await servers.There.ConnectAsync();

        var asking = AskAsync<int>(far, "ask");
        var asked = await far.NextAsync();
        var fault = await Assert.ThrowsAsync<InvalidOperationException>(() => other.AnswerAsync(asked.Id, "666"));
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => other.AnswerWithErrorAsync(asked.Id, "no"));

        Assert.Equal($"Connection ID '{other.Id}' is not valid for invocation ID '{asked.Id}'.", fault.Message);
        Assert.Equal(fault.Message, error.Message);
        Assert.False(asking.IsCompleted);
        await far.AnswerAsync(asked.Id, "1");
        Assert.Equal(1, await asking.Within("the result"));
    }

    [Fact]
    public async Task AnswerToNoQuestionDoesNoHarm()
    {
        await using var far = await servers.There.ConnectAsync();

        await servers.There.Manager.SetConnectionResultAsync(
            far.Id, CompletionMessage.WithResult("17", 1)).Within("the result to be taken");

        Assert.False(servers.There.Manager.TryGetReturnType("17", out _));
    }

    [Fact]
    public async Task SecondAnswerDoesNoHarm()
    {
        await using var far = await servers.There.ConnectAsync();

        var asking = AskAsync<int>(far, "ask");
        var asked = await far.NextAsync();
        await far.AnswerAsync(asked.Id, "1");
        await servers.There.Manager.SetConnectionResultAsync(
            far.Id, CompletionMessage.WithResult(asked.Id!, 2)).Within("the second answer");

        Assert.Equal(1, await asking.Within("the result"));
    }

    [Fact]
    public async Task CallsOfTwoServersToOneClientAreToldApart()
    {
        await using var far = await servers.There.ConnectAsync();

        var first = AskAsync<int>(far, "here");
        var second = servers.There.Manager.InvokeConnectionAsync<int>(far.Id, "there", [], default);
        var asked = new[] { await far.NextAsync(), await far.NextAsync() };
        Assert.NotEqual(asked[0].Id, asked[1].Id);
        foreach (var one in asked.Reverse()) await far.AnswerAsync(one.Id, one.Target == "here" ? "1" : "2");

        Assert.Equal(1, await first.Within("the result"));
        Assert.Equal(2, await second.Within("the result"));
    }

    [Fact]
    public async Task CallsToTwoClientsAreToldApart()
    {
        await using var near = await servers.Here.ConnectAsync();
        await using var far = await servers.There.ConnectAsync();

        var first = AskAsync<int>(near, "ask");
        var second = AskAsync<int>(far, "ask");
        await far.AnswerWithErrorAsync((await far.NextAsync()).Id, "no");
        await Assert.ThrowsAsync<HubException>(() => second.Within("the error"));
        Assert.False(first.IsCompleted);
        await near.AnswerAsync((await near.NextAsync()).Id, "3");

        Assert.Equal(3, await first.Within("the result"));
    }

    [Fact]
    public async Task ManyCallsAtOnceEachGetTheirOwnAnswer()
    {
        await using var near = await servers.Here.ConnectAsync();
        await using var far = await servers.There.ConnectAsync();

        var asking = Enumerable.Range(0, 100).Select(i => AskAsync<string>(i % 2 == 0 ? near : far, "repeat", $"{i}")).ToList();
        foreach (var client in new[] { near, far })
        {
            for (var i = 0; i < 50; i++)
            {
                var asked = await client.NextAsync();
                await client.AnswerAsync(asked.Id, asked.Arguments[0]);
            }
        }

        Assert.Equal(Enumerable.Range(0, 100).Select(i => $"{i}"), await Task.WhenAll(asking).Within("the results"));
    }

    [Fact]
    public async Task MessagesAndQuestionsGoTheSameWay()
    {
        await using var far = await servers.There.ConnectAsync();

        await Manager.SendConnectionAsync(far.Id, "hear", ["1"]).Within("the sending");
        var asking = AskAsync<int>(far, "ask");

        await far.HearsTextsAsync("1");
        await far.AnswerAsync((await far.NextAsync()).Id, "1");
        Assert.Equal(1, await asking.Within("the result"));
    }

    private Task<T> AskAsync<T>(PipeClient client, string method, params object?[] arguments) =>
        Manager.InvokeConnectionAsync<T>(client.Id, method, arguments, default);

    public sealed record Point(int X, double Y);
}
