/// <summary>The application's own service.</summary>
public interface IStock
{
    /// <returns>The number of the order; <c>null</c> if there is not enough.</returns>
    Task<int?> TryTakeAsync(string item, int quantity);
}
