using System.Runtime.ExceptionServices;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Protocol;

namespace Gateway.AspNetCore.SignalR;

/// <summary>
/// A call that is refused before it reaches its hub method. The framework answers with an error that names the method and gives the text.
/// </summary>
internal static class RejectedInvocation
{
    public static InvocationBindingFailureMessage Of(string? invocationId, string method, string text) =>
        new(invocationId, method, ExceptionDispatchInfo.Capture(new HubException(text)));
}
