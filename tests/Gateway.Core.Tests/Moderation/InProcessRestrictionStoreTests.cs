using Gateway.Core.Moderation;
using Gateway.Core.Supervision;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.Core.Tests.Moderation;

public sealed class InProcessRestrictionStoreTests : RestrictionStoreSpec
{
    private static readonly Supervisor Supervisor = new Supervisor(TimeProvider.System, NullLogger<Supervisor>.Instance);

    private InProcessRestrictionStore? _restrictions;

    protected override ValueTask<IRestrictionStore> OpenAsync() =>
        new(_restrictions = new InProcessRestrictionStore(Supervisor, TimeProvider.System));

    protected override ValueTask CloseAsync()
    {
        _restrictions?.Dispose();
        return default;
    }
}
