using Gateway.Core.Broadcast;
using Gateway.Core.Messages;

namespace Gateway.AspNetCore.Admin;

/// <summary>Returns errors as RFC 9457 problem details.</summary>
internal static partial class Problems
{
    public static IResult Of(int status, string? detail = null) => Results.Problem(detail, statusCode: status);

    public static IResult Of(Error error) => Of(error.Code, error.Text);

    /// <summary>Middleware that adds a body to the error responses of the framework, and handles exceptions.</summary>
    public static async Task CatchAsync(HttpContext context, RequestDelegate next)
    {
        try
        {
            await next(context);
            if (context.Response is { HasStarted: false, StatusCode: >= 400, ContentType: null } response)
                await Of(response.StatusCode, Detail(response.StatusCode)).ExecuteAsync(context);
        }
        catch (BackplaneException) when (!context.Response.HasStarted)
        {
            context.Response.Headers.RetryAfter = "1";
            await Of(Error.BackplaneUnavailable).ExecuteAsync(context);
        }
        catch (BadHttpRequestException fault) when (!context.Response.HasStarted)
        {
            await Of(fault.StatusCode, Detail(fault.StatusCode)).ExecuteAsync(context);
        }
        catch (Exception fault) when (!context.RequestAborted.IsCancellationRequested && !context.Response.HasStarted)
        {
            Log.Failed(context.RequestServices.GetRequiredService<ILogger<ApiKey>>(), fault, context.Request.Path);
            await Of(Error.Internal).ExecuteAsync(context);
        }
    }

    private static string? Detail(int status) => status switch
    {
        StatusCodes.Status400BadRequest => "a parameter is not of its kind",
        StatusCodes.Status404NotFound => "there is no such path",
        StatusCodes.Status405MethodNotAllowed => "the path does not know this method",
        StatusCodes.Status415UnsupportedMediaType => "the body must be application/json",
        _ => null,
    };

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "The admin API failed at {Path}")]
        public static partial void Failed(ILogger logger, Exception fault, string path);
    }
}
