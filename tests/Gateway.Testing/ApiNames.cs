using System.Reflection;

namespace Gateway.Testing;

/// <summary>Names of types as C# writes them, nullable references included.</summary>
internal static class ApiNames
{
    private static readonly Dictionary<Type, string> Keywords = new()
    {
        [typeof(void)] = "void",
        [typeof(object)] = "object",
        [typeof(string)] = "string",
        [typeof(bool)] = "bool",
        [typeof(char)] = "char",
        [typeof(byte)] = "byte",
        [typeof(sbyte)] = "sbyte",
        [typeof(short)] = "short",
        [typeof(ushort)] = "ushort",
        [typeof(int)] = "int",
        [typeof(uint)] = "uint",
        [typeof(long)] = "long",
        [typeof(ulong)] = "ulong",
        [typeof(float)] = "float",
        [typeof(double)] = "double",
        [typeof(decimal)] = "decimal",
    };

    public static string Of(FieldInfo field) => Annotated(new NullabilityInfoContext().Create(field));

    public static string Of(PropertyInfo property) => Annotated(new NullabilityInfoContext().Create(property));

    public static string Of(ParameterInfo parameter) => Annotated(new NullabilityInfoContext().Create(parameter));

    public static string Full(Type type) => $"{type.Namespace}.{Short(type)}";

    public static string Short(Type type) => Named(type, Short);

    private static string Annotated(NullabilityInfo info)
    {
        var type = info.Type.IsByRef ? info.Type.GetElementType()! : info.Type;
        // Whether a type parameter was written with a question mark is not known here; a nullable value has its mark already.
        var isReference = type is { IsValueType: false, IsGenericParameter: false };
        var mark = isReference && (info.ReadState == NullabilityState.Nullable || info.WriteState == NullabilityState.Nullable) ? "?" : "";
        if (info.ElementType is { } element) return $"{Annotated(element)}[]{mark}";
        var arguments = new Queue<NullabilityInfo>(info.GenericTypeArguments);
        return Named(type, argument => arguments.TryDequeue(out var next) ? Annotated(next) : Short(argument)) + mark;
    }

    /// <param name="type">The type.</param>
    /// <param name="argument">Names a type argument; called for each of them, from the first to the last.</param>
    private static string Named(Type type, Func<Type, string> argument)
    {
        if (Keywords.TryGetValue(type, out var keyword)) return keyword;
        if (type.IsGenericParameter) return type.Name;
        if (type.IsArray) return Short(type.GetElementType()!) + "[]";
        if (Nullable.GetUnderlyingType(type) is { } value) return Short(value) + "?";
        var outer = type.IsNested ? Short(type.DeclaringType!) + "." : "";
        var arguments = type.GetGenericArguments().Skip(type.DeclaringType?.GetGenericArguments().Length ?? 0).Select(argument).ToList();
        return outer + type.Name.Split('`')[0] + (arguments.Count == 0 ? "" : $"<{string.Join(", ", arguments)}>");
    }
}
