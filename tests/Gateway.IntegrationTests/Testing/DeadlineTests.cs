using Gateway.Testing;

namespace Gateway.IntegrationTests.Testing;

public sealed class DeadlineTests
{
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(30);

    [Fact]
    public async Task LateTaskIsNamed()
    {
        var fault = await Assert.ThrowsAsync<TimeoutException>(() => new TaskCompletionSource<int>().Task.Within("the postman", Short));

        Assert.Equal("waited 0 s for the postman", fault.Message);
    }

    [Fact]
    public async Task TimeoutOfTheTasksOwnIsLeftAsItIs()
    {
        var fault = await Assert.ThrowsAsync<TimeoutException>(
            () => Task.FromException(new TimeoutException("its own")).Within("the postman"));

        Assert.Equal("its own", fault.Message);
    }

    [Fact]
    public async Task ConditionThatNeverHoldsIsNamed()
    {
        var fault = await Assert.ThrowsAsync<TimeoutException>(() => Deadline.Until(() => false, "pigs fly", Short));

        Assert.EndsWith("until pigs fly", fault.Message);
    }
}
