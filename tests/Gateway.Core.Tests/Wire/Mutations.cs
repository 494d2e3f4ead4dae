namespace Gateway.Core.Tests.Wire;

/// <summary>Good bytes with random damage, the same in every run.</summary>
internal static class Mutations
{
    private static readonly byte[] Telling = "{}[]\",:\\u0123dD8eE+-. \ntfn\0\u001e"u8.ToArray();

    public static IEnumerable<byte[]> Of(IReadOnlyList<byte[]> good, int count, int seed)
    {
        var random = new Random(seed);
        for (var i = 0; i < count; i++)
        {
            var bytes = good[random.Next(good.Count)].ToList();
            for (var damage = random.Next(1, 6); damage > 0; damage--) Damage(bytes, good, random);
            yield return [.. bytes];
        }
    }

    private static void Damage(List<byte> bytes, IReadOnlyList<byte[]> good, Random random)
    {
        var at = random.Next(bytes.Count + 1);
        switch (random.Next(6))
        {
            case 0: bytes.Insert(at, Telling[random.Next(Telling.Length)]); break;
            case 1: bytes.Insert(at, (byte)random.Next(256)); break;
            case 2 when at < bytes.Count: bytes[at] = (byte)random.Next(256); break;
            case 3 when at < bytes.Count: bytes.RemoveRange(at, random.Next(1, Math.Min(8, bytes.Count - at) + 1)); break;
            case 4 when at < bytes.Count: bytes.RemoveRange(at, bytes.Count - at); break;
            case 5:
                var other = good[random.Next(good.Count)];
                var from = random.Next(other.Length);
                bytes.InsertRange(at, other[from..random.Next(from, other.Length)]);
                break;
        }
    }
}
