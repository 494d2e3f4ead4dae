using System.Runtime.CompilerServices;
using Gateway.AspNetCore.AnyReplica;
using Gateway.AspNetCore.Domains;
using Microsoft.AspNetCore.Http.Connections;
using Microsoft.AspNetCore.Routing.Matching;
using Microsoft.AspNetCore.SignalR;

namespace Gateway.AspNetCore.Hubs;

/// <summary>
/// Puts the gateway in front of the endpoints that the application's <c>MapHub</c> has mapped: the outbox under their WebSockets, and with
/// a backplane the way to the connection's replica. It works by routing, so that the application maps its hubs as before.
/// </summary>
internal sealed class HubEndpointPolicy(HubDomains domains, HubPipeline pipeline) : MatcherPolicy, IEndpointSelectorPolicy
{
    private readonly ConditionalWeakTable<Endpoint, Replacements> _replacements = [];

    /// <summary>After the framework's own policies, which choose by method, host and the like.</summary>
    public override int Order => int.MaxValue;

    public bool AppliesToEndpoints(IReadOnlyList<Endpoint> endpoints) => endpoints.Any(endpoint => DomainOf(endpoint) != null);

    public Task ApplyAsync(HttpContext httpContext, CandidateSet candidates)
    {
        for (var i = 0; i < candidates.Count; i++)
        {
            ref var candidate = ref candidates[i];
            if (!candidates.IsValidCandidate(i) || DomainOf(candidate.Endpoint) is not { } domain) continue;
            var replacements = _replacements.GetValue(candidate.Endpoint, endpoint => pipeline.Replace((RouteEndpoint)endpoint, domain));
            var isOfReplica = replacements.OfReplicas != null && httpContext.Request.Headers.ContainsKey(ForwardedRequest.Header);
            candidates.ReplaceEndpoint(i, isOfReplica ? replacements.OfReplicas : replacements.OfClients, candidate.Values);
        }
        return Task.CompletedTask;
    }

    /// <summary>Returns the domain of an endpoint that <c>MapHub</c> has mapped; <c>null</c> for any other.</summary>
    private GatewayDomain? DomainOf(Endpoint endpoint) =>
        endpoint is RouteEndpoint && endpoint.Metadata.GetMetadata<GatewayEndpoint>() == null
        && endpoint.Metadata.GetMetadata<HubMetadata>() is { } hub
            ? domains.Find(hub.HubType)?.Domain
            : null;

    /// <summary>What stands in for an endpoint.</summary>
    /// <param name="OfClients">For clients.</param>
    /// <param name="OfReplicas">For what other replicas say they have forwarded, or for a connection that they ask for.</param>
    public sealed record Replacements(Endpoint OfClients, Endpoint? OfReplicas);
}
