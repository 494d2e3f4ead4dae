// Every package as its users get it: packed, installed from the file into a fresh project outside of the repository, built and run.
import { after, before, describe, it } from "node:test";
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { startGateway } from "../js/processes.js";
import { connectRaw, connectSignalR } from "../js/clients.js";
import { at, build, create, dispose, example, program, ROOT, run, start, VERSION } from "./workspace.js";

const LIBRARIES = ["Gateway.Client", "Gateway.Client.SignalR"];
const TOOLS = ["gateway-cli"];

let gateway;
const hostAndPort = () => new URL(gateway.url).host;

before(async () => (gateway = await startGateway("--server:allowed_origins:0=*")));
after(async () => {
  await gateway?.stop();
  await dispose();
});

describe("dotnet pack", () => {
  before(async () => {
    const out = ["--artifacts-path", at("artifacts"), "-o", at("packed")];
    await run("dotnet", ["pack", `${ROOT}Gateway.sln`, "-c", "Release", "-v", "quiet", ...out, `-p:Version=${VERSION}`], { seconds: 150 });
  });

  it("makes every package, and symbols for each", () => {
    const expected = [...LIBRARIES, ...TOOLS].flatMap((id) => [`${id}.${VERSION}.nupkg`, `${id}.${VERSION}.snupkg`]);
    assert.deepEqual(readdirSync(at("packed")).toSorted(), expected.toSorted());
  });
});

describe("fresh projects", () => {
  // What stands ahead of the readme's example. Some registries lack Microsoft.AspNetCore.SignalR.Client, which has WithUrl:
  // this is its core with the transport of the examples.
  const stockConnection = `
    using System.Net;
    using Microsoft.AspNetCore.Connections;
    using Microsoft.AspNetCore.SignalR.Client;
    var builder = new HubConnectionBuilder().WithAutomaticReconnect();
    builder.Services.AddSingleton<IConnectionFactory, SignalRDotNet.WebSocketConnectionFactory>();
    builder.Services.AddSingleton<EndPoint>(new UriEndPoint(new Uri("http://localhost:8080/hub?rooms=&username=Ann")));
    var connection = builder.Build();
    `;
  const factory = readFileSync(`${ROOT}clients/examples/signalr-dotnet/WebSocketConnectionFactory.cs`, "utf8");

  it("build with the packed packages", async () => {
    await create("Raw", "console", ["Gateway.Client"], { "Program.cs": here(example("Gateway.Client", "csharp")) });
    const [usings, ...rest] = example("Gateway.Client.SignalR", "csharp").split("\n\n");
    const stock = `${usings}\n${stockConnection}${rest.join("\n\n")}`;
    await create("Stock", "web", ["Gateway.Client.SignalR"], { "Program.cs": here(stock), "WebSocketConnectionFactory.cs": factory });
    await build(["Raw", "Stock"]);
  });

  it("have readme, icon, documentation and licence in each package", () => {
    for (const id of LIBRARIES) {
      const folder = at("installed", id.toLowerCase(), VERSION);
      const expected = ["README.md", "icon.png", `lib/net10.0/${id}.xml`];
      assert.deepEqual(expected.filter((file) => !existsSync(`${folder}/${file}`)), [], `missing in ${id}`);
      const nuspec = readFileSync(`${folder}/${id.toLowerCase()}.nuspec`, "utf8");
      assert.match(nuspec, /<license type="expression">MIT<\/license>/);
      assert.match(nuspec, /<repository type="git" .*commit="[0-9a-f]{40}" \/>/);
    }
  });

  it("with Gateway.Client chat, as its readme shows", () => chats("Raw"));
  it("with Gateway.Client.SignalR chat over a stock connection, as its readme shows", () => chats("Stock"));
});

/** An example, which speaks of port 8080, for the gateway that is there. */
const here = (text) => text.replace("localhost:8080", hostAndPort());

/** The program is Ann, who says hello in the lobby, hears what others say, and ends with the next line that is typed. */
async function chats(name) {
  const bob = await connectRaw(gateway.url, "?username=Bob&rooms=lobby");
  const app = start("dotnet", [program(name)]);
  try {
    await app.says(/^Ann: hello$/m);
    assert.equal((await bob.next("chat")).content, "hello");
    await bob.request("chat", { content: `to ${name}` });
    await app.says(new RegExp(`^Bob: to ${name}$`, "m"));
    app.type("");
    assert.equal(await app.ended(), 0);
  } finally {
    await app.stop();
    await bob.close();
  }
}

describe("dotnet tool install", () => {
  it("gateway-cli: publishes, and tails what is published", async () => {
    await run("dotnet", ["tool", "install", "gateway-cli", "--tool-path", at("tools"), "--version", VERSION]);
    const cli = at("tools", "gateway-cli");
    const tail = start(cli, ["tail", "deploys", "--since", "0", "--json", "--url", gateway.url]);
    await run(cli, ["publish", "deploys", "installed", "--name", "Ann", "--url", gateway.url]);
    const [line] = await tail.says(/^.*installed.*$/m);
    assert.equal(JSON.parse(line).payload.username, "Ann");
    await tail.stop();
  });
});
