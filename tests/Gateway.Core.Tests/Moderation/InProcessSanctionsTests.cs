using Gateway.Core.Moderation;

namespace Gateway.Core.Tests.Moderation;

public sealed class InProcessSanctionsTests : SanctionsSpec
{
    private InProcessSanctions? _sanctions;

    protected override ValueTask<ISanctions> OpenAsync() => new(_sanctions = new InProcessSanctions(TimeProvider.System));

    protected override ValueTask CloseAsync()
    {
        _sanctions?.Dispose();
        return default;
    }
}
