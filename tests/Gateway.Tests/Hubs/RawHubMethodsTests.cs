using System.Text;
using System.Threading.Channels;
using Gateway.AspNetCore.Hubs;
using Microsoft.AspNetCore.SignalR;
using Xunit;

namespace Gateway.Tests.Hubs;

/// <summary>Which methods of a hub a raw client may call, and which of them are streams: those that SignalR finds.</summary>
public sealed class RawHubMethodsTests
{
    private readonly RawHubMethods _methods = RawHubMethods.Of(typeof(DerivedHub));

    [Theory]
    [InlineData("Plain", "Plain", false)]
    [InlineData("pLAIN", "Plain", false)]
    [InlineData("named", "Named", false)]
    [InlineData("OfBase", "OfBase", false)]
    [InlineData("Over", "Over", false)]
    [InlineData("Items", "Items", true)]
    [InlineData("LaterItems", "LaterItems", true)]
    [InlineData("SoonItems", "SoonItems", true)]
    [InlineData("Reader", "Reader", true)]
    [InlineData("OwnReader", "OwnReader", true)]
    [InlineData("Number", "Number", false)]
    [InlineData("Grüße", "Grüße", false)]
    public void MethodIsFound(string name, string method, bool isStream)
    {
        Assert.True(_methods.TryFind(Encoding.UTF8.GetBytes(name), out var found));
        Assert.Equal(new RawHubMethod(method, isStream), found);
    }

    [Theory]
    [InlineData("")]
    [InlineData("Original")]
    [InlineData("Hidden")]
    [InlineData("Static")]
    [InlineData("ToString")]
    [InlineData("GetHashCode")]
    [InlineData("Dispose")]
    [InlineData("OnConnectedAsync")]
    [InlineData("get_Clients")]
    [InlineData("get_Property")]
    public void AnythingElseIsNot(string name) => Assert.False(_methods.TryFind(Encoding.UTF8.GetBytes(name), out _));

    [Fact]
    public void NameThatIsTooLongOrNoTextIsNotFound()
    {
        Assert.False(_methods.TryFind(new byte[100_000], out _));
        Assert.False(_methods.TryFind([0xff, 0xfe], out _));
    }

    private abstract class BaseHub : Hub
    {
        public void OfBase()
        {
        }

        public abstract void Over();
    }

    private sealed class DerivedHub : BaseHub
    {
        public int Property => 1;

        public static void Static()
        {
        }

        public override Task OnConnectedAsync() => Task.CompletedTask;

        public override void Over()
        {
        }

        public void Plain()
        {
        }

        [HubMethodName("Named")]
        public void Original()
        {
        }

        public void Grüße()
        {
        }

        public Task<int> Number() => Task.FromResult(1);

        public IAsyncEnumerable<int> Items() => throw new NotSupportedException();

        public Task<IAsyncEnumerable<int>> LaterItems() => throw new NotSupportedException();

        public ValueTask<ChannelReader<int>> SoonItems() => throw new NotSupportedException();

        public ChannelReader<int> Reader() => throw new NotSupportedException();

        public MyReader OwnReader() => throw new NotSupportedException();

        internal void Hidden()
        {
        }
    }

    private abstract class MyReader : ChannelReader<string>;
}
