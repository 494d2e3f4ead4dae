using System.Runtime.ExceptionServices;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Protocol;

namespace Gateway.AspNetCore.SignalR;

/// <summary>
/// An invocation that is rejected before it reaches its hub method. The framework reports an error with the method and the text.
/// </summary>
internal static class RejectedInvocation
{
    public static InvocationBindingFailureMessage Of(string? invocationId, string method, string text) =>
        new(invocationId, method, ExceptionDispatchInfo.Capture(new HubException(text)));
}
