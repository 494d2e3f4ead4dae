using System.Text;
using Gateway.Configuration;
using Xunit;

namespace Gateway.Tests.Configuration;

public sealed class FuzzTests
{
    private const int Rounds = 3000;

    private static readonly string[] Scraps =
    [
        "[", "]", "{", "}", ":", "- ", "&a ", "*a", "<<: ", "!!", "%", "\"", "'", "|", ">", "?",
        "\t", "\n", "\0", "\uFEFF", "\\uD800", "---\n", "...", "#", "~", ",", "@",
    ];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void MutatedFileIsLoadedOrRefusedButNeverThrows(int seed)
    {
        using var folder = new ConfigurationFolder();
        var original = File.ReadAllText(Path.Combine(ConfigurationFolder.Repository, ConfigurationLoader.DefaultFile));
        var random = new Random(seed);
        var refused = 0;
        for (var round = 0; round < Rounds; round++)
        {
            var text = Mutate(original, random);
            try
            {
                if (folder.Load(text) is ConfigurationResult.Invalid { Errors: var errors })
                {
                    refused++;
                    Assert.NotEmpty(errors);
                    Assert.All(errors, error => Assert.DoesNotContain(error.ToString(), char.IsControl));
                }
            }
            catch (Exception e)
            {
                Assert.Fail($"Seed {seed}, round {round}: {e}\n{text}");
            }
        }
        // Both outcomes occur often, or the mutations would be too tame or too wild to prove anything.
        Assert.InRange(refused, Rounds / 4, Rounds - 50);
    }

    private static string Mutate(string original, Random random)
    {
        var text = new StringBuilder(original);
        for (var change = random.Next(1, 4); change > 0; change--)
        {
            var at = random.Next(text.Length);
            var length = Math.Min(random.Next(1, 30), text.Length - at);
            switch (random.Next(5))
            {
                case 0:
                    text.Remove(at, length);
                    break;
                case 1:
                    text.Insert(random.Next(text.Length), text.ToString(at, length));
                    break;
                case 2:
                    text.Insert(at, Scraps[random.Next(Scraps.Length)]);
                    break;
                case 3:
                    text[at] = (char)random.Next(1, 0x3000);
                    break;
                default:
                    text.Length = Math.Max(1, at);
                    break;
            }
        }
        return text.ToString();
    }
}
