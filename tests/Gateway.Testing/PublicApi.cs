using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace Gateway.Testing;

/// <summary>
/// Lists the public API of an assembly and compares it with the <c>PublicApi.txt</c> beside the project, so that no change goes unnoticed.
/// One type or member on a line, in alphabetical order. A line begins with a full name; after it types are named without their namespace.
/// </summary>
public static class PublicApi
{
    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    /// <summary>
    /// Returns what differs, one line each, or nothing. If the environment has <c>UPDATE_PUBLIC_API=1</c>, it writes the file first.
    /// </summary>
    /// <param name="assembly">The assembly as it is.</param>
    /// <param name="folder">The project's folder, below the repository's root.</param>
    public static IReadOnlyList<string> Differences(Assembly assembly, string folder)
    {
        var file = Path.Combine(Repository.Root, folder, "PublicApi.txt");
        var actual = Lines(assembly);
        if (Environment.GetEnvironmentVariable("UPDATE_PUBLIC_API") == "1") File.WriteAllLines(file, actual);
        string[] expected = File.Exists(file) ? File.ReadAllLines(file) : [];
        return [.. expected.Except(actual).Select(line => "- " + line), .. actual.Except(expected).Select(line => "+ " + line)];
    }

    public static IReadOnlyList<string> Lines(Assembly assembly) =>
        [.. assembly.GetExportedTypes().SelectMany(type => Members(type).Prepend(Line(type))).Order(StringComparer.Ordinal)];

    private static string Line(Type type)
    {
        var name = ApiNames.Full(type);
        if (IsDelegate(type)) return $"{name} : delegate {Signature(type.GetMethod("Invoke")!, "")}";
        if (type.IsEnum) return $"{name} : enum";
        var isRecord = type.GetMethod("<Clone>$") != null;
        var kind = type.IsInterface ? "interface" : type.IsValueType ? "struct" : isRecord ? "record" : "class";
        var modifier = (type.IsAbstract, type.IsSealed) switch
        {
            _ when type.IsInterface || type.IsValueType => "",
            (true, true) => "static ",
            (true, false) => "abstract ",
            (false, true) => "sealed ",
            _ => "",
        };
        return $"{name} : {modifier}{kind}{Bases(type, isRecord)}{Constraints(type.GetGenericArguments())}";
    }

    private static string Bases(Type type, bool isRecord)
    {
        var inherited = type.GetInterfaces().SelectMany(one => one.GetInterfaces()).Concat(type.BaseType?.GetInterfaces() ?? []);
        var bases = type.GetInterfaces().Except(inherited).Where(one => one.IsVisible).Select(ApiNames.Short);
        if (isRecord) bases = bases.Where(one => !one.StartsWith("IEquatable<", StringComparison.Ordinal)); // every record has it
        if (type.BaseType is { } parent && parent != typeof(object) && parent != typeof(ValueType))
            bases = bases.Append(ApiNames.Short(parent));
        return string.Concat(bases.Order(StringComparer.Ordinal).Select(one => ", " + one));
    }

    private static IEnumerable<string> Members(Type type)
    {
        if (IsDelegate(type)) return [];
        var owner = ApiNames.Full(type);
        string[] lines = [.. Fields(type), .. Constructors(type), .. Properties(type), .. Events(type), .. Methods(type)];
        return lines.Select(line => $"{owner}.{line}");
    }

    private static IEnumerable<string> Fields(Type type) =>
        from field in type.GetFields(Declared)
        where (field.IsPublic || field.IsFamily || field.IsFamilyOrAssembly) && !field.IsSpecialName
        let words = field.IsLiteral ? "const " : (field.IsStatic ? "static " : "") + (field.IsInitOnly ? "readonly " : "")
        let value = field.IsLiteral ? " = " + Literal(field.GetRawConstantValue()) : ""
        select type.IsEnum ? field.Name + value : $"{field.Name} -> {words}{ApiNames.Of(field)}{value}";

    private static IEnumerable<string> Constructors(Type type) =>
        from constructor in type.GetConstructors(Declared)
        where !constructor.IsStatic && IsWritten(constructor)
        select $"{type.Name.Split('`')[0]}({Parameters(constructor)})";

    private static IEnumerable<string> Properties(Type type) =>
        from property in type.GetProperties(Declared)
        let accessors = property.GetAccessors(nonPublic: true).Where(IsVisible).ToList()
        where accessors.Count > 0
        let words = string.Join(" ", accessors.Select(one => one == property.GetMethod ? "get;" : IsInit(one) ? "init;" : "set;"))
        let index = property.GetIndexParameters().Length == 0 ? "" : $"[{Parameters(property.GetIndexParameters())}]"
        let required = property.IsDefined(typeof(RequiredMemberAttribute)) ? "required " : ""
        select $"{property.Name}{index} {{ {words} }} -> {required}{Modifiers(accessors[0])}{ApiNames.Of(property)}";

    private static IEnumerable<string> Events(Type type) =>
        from one in type.GetEvents(Declared)
        where IsVisible(one.AddMethod!)
        select $"{one.Name} -> event {Modifiers(one.AddMethod!)}{ApiNames.Short(one.EventHandlerType!)}";

    private static IEnumerable<string> Methods(Type type) =>
        from method in type.GetMethods(Declared)
        where IsWritten(method) && (!method.IsSpecialName || method.Name.StartsWith("op_", StringComparison.Ordinal))
        select Signature(method, method.Name);

    private static string Signature(MethodInfo method, string name)
    {
        var types = method.GetGenericArguments();
        var generic = types.Length == 0 ? "" : $"<{string.Join(", ", types.Select(ApiNames.Short))}>";
        var extension = method.IsDefined(typeof(ExtensionAttribute)) ? "this " : "";
        var result = Modifiers(method) + ApiNames.Of(method.ReturnParameter);
        return $"{name}{generic}({extension}{Parameters(method)}) -> {result}{Constraints(types)}";
    }

    private static string Parameters(MethodBase method) => Parameters(method.GetParameters());

    private static string Parameters(ParameterInfo[] parameters) => string.Join(", ", parameters.Select(parameter =>
    {
        var isReference = parameter.ParameterType.IsByRef;
        var word = parameter.IsOut ? "out " : isReference && parameter.IsIn ? "in " : isReference ? "ref " : "";
        if (parameter.IsDefined(typeof(ParamArrayAttribute))) word = "params ";
        return $"{word}{ApiNames.Of(parameter)} {parameter.Name}{Default(parameter)}";
    }));

    private static string Default(ParameterInfo parameter)
    {
        if (!parameter.HasDefaultValue) return "";
        var isStruct = parameter.ParameterType.IsValueType && Nullable.GetUnderlyingType(parameter.ParameterType) == null;
        return " = " + (isStruct && parameter.RawDefaultValue == null ? "default" : Literal(parameter.RawDefaultValue));
    }

    private static string Modifiers(MethodInfo method)
    {
        if (method.DeclaringType!.IsInterface) return method.IsStatic ? "static " : method.IsAbstract ? "" : "default ";
        var words = method.IsPublic ? "" : "protected ";
        if (method.IsStatic) words += "static ";
        if (method.IsAbstract) return words + "abstract ";
        if (method.IsVirtual && method.GetBaseDefinition() != method) return words + "override ";
        return method is { IsVirtual: true, IsFinal: false } ? words + "virtual " : words;
    }

    private static string Constraints(Type[] arguments) => string.Concat(arguments.Where(one => one.IsGenericParameter).Select(argument =>
    {
        var flags = argument.GenericParameterAttributes;
        var isStruct = flags.HasFlag(GenericParameterAttributes.NotNullableValueTypeConstraint);
        List<string> words = [];
        if (flags.HasFlag(GenericParameterAttributes.ReferenceTypeConstraint)) words.Add("class");
        if (isStruct) words.Add("struct");
        words.AddRange(argument.GetGenericParameterConstraints().Where(one => one != typeof(ValueType)).Select(ApiNames.Short));
        if (flags.HasFlag(GenericParameterAttributes.DefaultConstructorConstraint) && !isStruct) words.Add("new()");
        return words.Count == 0 ? "" : $" where {argument.Name} : {string.Join(", ", words)}";
    }));

    private static string Literal(object? value) => value switch
    {
        null => "null",
        string text => "\"" + text + "\"",
        bool truth => truth ? "true" : "false",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };

    private static bool IsDelegate(Type type) => type.IsSubclassOf(typeof(Delegate));

    private static bool IsInit(MethodInfo setter) => setter.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit));

    private static bool IsVisible(MethodBase method) =>
        method.IsPublic || ((method.IsFamily || method.IsFamilyOrAssembly) && !method.DeclaringType!.IsSealed);

    /// <summary>Without the members that the compiler adds to a record.</summary>
    private static bool IsWritten(MethodBase method) => IsVisible(method) && !method.IsDefined(typeof(CompilerGeneratedAttribute));
}
