using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using Gateway.IntegrationTests.Embedding;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Protocol;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.IntegrationTests.ApplicationHubs;

/// <summary>Hubs on the gateway speak JSON only: another protocol stops the start, and says what to do.</summary>
public sealed class MessagePackTests
{
    [Fact]
    public async Task HubWithAnotherProtocolStopsTheStart()
    {
        var fault = await Assert.ThrowsAsync<NotSupportedException>(() =>
            StartAsync(signalR => signalR.Services.AddSingleton<IHubProtocol, Other>()));

        Assert.Contains(
            "supports the protocol messagepack, but hubs on the gateway speak json only", fault.Message, StringComparison.Ordinal);
        Assert.Contains("SupportedProtocols to [\"json\"]", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task HubThatIsHeldToJsonStarts() =>
        await StartAsync(signalR =>
        {
            signalR.Services.AddSingleton<IHubProtocol, Other>();
            signalR.AddHubOptions<AnyHub>(options => options.SupportedProtocols = ["json"]);
        });

    private static async Task StartAsync(Action<ISignalRServerBuilder> add)
    {
        await using var app = await Application.StartAsync(
            builder =>
            {
                var signalR = builder.Services.AddSignalR();
                add(signalR);
                signalR.AddGateway();
            },
            app => app.MapHub<AnyHub>("/hub"));
    }

    /// <summary>Nobody gets to speak it.</summary>
    private sealed class Other : IHubProtocol
    {
        public string Name => "messagepack";
        public int Version => 1;
        public TransferFormat TransferFormat => TransferFormat.Binary;

        public bool IsVersionSupported(int version) => true;

        public ReadOnlyMemory<byte> GetMessageBytes(HubMessage message) => throw new NotSupportedException();

        public bool TryParseMessage(
            ref ReadOnlySequence<byte> input, IInvocationBinder binder, [NotNullWhen(true)] out HubMessage? message) =>
            throw new NotSupportedException();

        public void WriteMessage(HubMessage message, IBufferWriter<byte> output) => throw new NotSupportedException();
    }
}
