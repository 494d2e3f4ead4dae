using Gateway.Core.Moderation;
using Gateway.Core.Supervision;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.Core.Tests.Moderation;

public sealed class InProcessSanctionsTests : SanctionsSpec
{
    private static readonly Supervisor Supervisor = new Supervisor(TimeProvider.System, NullLogger<Supervisor>.Instance);

    private InProcessSanctions? _sanctions;

    protected override ValueTask<ISanctions> OpenAsync() => new(_sanctions = new InProcessSanctions(Supervisor, TimeProvider.System));

    protected override ValueTask CloseAsync()
    {
        _sanctions?.Dispose();
        return default;
    }
}
