using Gateway;
using Gateway.Configuration;

var options = new GatewayOptions();
foreach (var arg in args) if (arg.StartsWith("--server:port=")) options.Server.Port = int.Parse(arg[14..]); else if (arg.StartsWith("--server:host=")) options.Server.Host = arg[14..]; else if (arg.StartsWith("--rate_limit:messages=")) options.RateLimit.Messages = int.Parse(arg[22..]); else if (arg=="--metrics_stream:enabled=false") options.MetricsStream.Enabled=false; else if (arg=="--server:direct_socket=false") options.Server.DirectSocket=false;
GatewayApp.Build(options).Run();
