using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Gateway.SampleHubs.Rooms;
using Microsoft.AspNetCore.SignalR;

namespace Gateway.SampleHubs.Calls;

/// <summary>Streams, both ways.</summary>
public sealed partial class CallHub
{
    public async IAsyncEnumerable<int> Count(int to)
    {
        for (var i = 1; i <= to; i++)
        {
            yield return i;
            await Task.Yield();
        }
    }

    public ChannelReader<Said> Story(string[] lines)
    {
        var channel = Channel.CreateUnbounded<Said>();
        foreach (var line in lines) channel.Writer.TryWrite(new Said("hub", line, AskedFor: new Price(line.Length, "EUR")));
        channel.Writer.Complete();
        return channel.Reader;
    }

    public async IAsyncEnumerable<int> CountAndFail(int to)
    {
        await foreach (var i in Count(to)) yield return i;
        throw new HubException("the stream broke");
    }

    /// <summary>Ends only when the client does not want any more.</summary>
    public async IAsyncEnumerable<int> Forever(string name, [EnumeratorCancellation] CancellationToken cancel)
    {
        for (var i = 1; ; i++)
        {
            yield return i;
            try
            {
                await Task.Delay(5, cancel);
            }
            catch (OperationCanceledException)
            {
                journal.Note($"{name} was cancelled");
                yield break;
            }
        }
    }

    public async Task<int> Sum(IAsyncEnumerable<int> numbers)
    {
        var sum = 0;
        await foreach (var number in numbers) sum += number;
        return sum;
    }

    public async Task<string> Join(ChannelReader<string> words, string separator)
    {
        var all = new List<string>();
        await foreach (var word in words.ReadAllAsync()) all.Add(word);
        return string.Join(separator, all);
    }

    /// <summary>What comes in one stream goes out in the other.</summary>
    public async IAsyncEnumerable<string> Louder(IAsyncEnumerable<string> words)
    {
        await foreach (var word in words) yield return word.ToUpperInvariant();
    }

    public async Task<string> CatchFault(IAsyncEnumerable<int> numbers)
    {
        try
        {
            await Sum(numbers);
            return "no fault";
        }
        catch (Exception fault)
        {
            return fault.Message;
        }
    }
}
