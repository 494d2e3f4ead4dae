using System.Net;
using System.Text;
using System.Text.Json;
using Gateway.Testing;

namespace Gateway.IntegrationTests.Admin;

/// <summary>A server that uses the admin API: HTTP and nothing else.</summary>
internal sealed class AdminClient(Uri server, string? key = AdminClient.Key) : IDisposable
{
    public const string Key = "a-key-for-tests-0123456789";

    private readonly HttpClient _http = new() { BaseAddress = new Uri(server, "/api/v1/") };

    public Task<AdminAnswer> GetAsync(string path) => SendAsync(HttpMethod.Get, path);

    public Task<AdminAnswer> PostAsync(string path, object? body = null, string? idempotencyKey = null) =>
        SendAsync(HttpMethod.Post, path, body == null ? null : JsonSerializer.Serialize(body), idempotencyKey);

    public Task<AdminAnswer> DeleteAsync(string path) => SendAsync(HttpMethod.Delete, path);

    public async Task<AdminAnswer> SendAsync(
        HttpMethod method, string path, string? body = null, string? idempotencyKey = null, string mediaType = "application/json")
    {
        using var request = new HttpRequestMessage(method, path);
        if (key != null) request.Headers.Add("X-Api-Key", key);
        if (idempotencyKey != null) request.Headers.Add("Idempotency-Key", idempotencyKey);
        if (body != null) request.Content = new StringContent(body, Encoding.UTF8, mediaType);
        using var response = await _http.SendAsync(request).Within("the answer");
        var text = await response.Content.ReadAsStringAsync();
        Told.Note(text);
        return new AdminAnswer(response.StatusCode, response.Content.Headers.ContentType?.MediaType, text);
    }

    public void Dispose() => _http.Dispose();
}

internal sealed record AdminAnswer(HttpStatusCode Status, string? MediaType, string Body)
{
    public JsonElement Json => JsonDocument.Parse(Body).RootElement;

    public string? Detail => Json.GetProperty("detail").GetString();

    /// <summary>The answer to what is expected to succeed.</summary>
    public JsonElement Ok()
    {
        Assert.True(Status == HttpStatusCode.OK, $"{Status}: {Body}");
        return Json;
    }

    /// <summary>RFC 9457: media type, status and title.</summary>
    public void AssertProblem(HttpStatusCode status, string? detail = null)
    {
        Assert.True(Status == status, $"{Status}: {Body}");
        Assert.Equal("application/problem+json", MediaType);
        Assert.Equal((int)status, Json.GetProperty("status").GetInt32());
        Assert.NotEmpty(Json.GetProperty("title").GetString()!);
        if (detail != null) Assert.Equal(detail, Detail);
    }
}
