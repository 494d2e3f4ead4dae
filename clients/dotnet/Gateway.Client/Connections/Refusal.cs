using System.Net.Http.Headers;

namespace Gateway.Client.Connections;

/// <summary>
/// Why a connection was refused. .NET's WebSocket tells the status only, so the same is asked once more as a plain request: that passes the
/// same checks, and is refused with the same text.
/// </summary>
internal static class Refusal
{
    private const int Longest = 200;

    public static async Task<string> TextAsync(Uri address, string? token, int status, CancellationToken cancel)
    {
        try
        {
            using var http = new HttpClient();
            using var request = new HttpRequestMessage(
                HttpMethod.Get,
                new UriBuilder(address) { Scheme = address.Scheme == Uri.UriSchemeWss ? Uri.UriSchemeHttps : Uri.UriSchemeHttp }.Uri);
            if (token != null) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
            using var response = await http.SendAsync(request, cancel).ConfigureAwait(false);
            var text = (await response.Content.ReadAsStringAsync(cancel).ConfigureAwait(false)).Split('\n')[0].Trim();
            if ((int)response.StatusCode == status && text.Length > 0) return text.Length > Longest ? text[..Longest] : text;
        }
        catch (Exception)
        {
            // The status is known all the same.
        }
        return $"HTTP status {status}";
    }
}
