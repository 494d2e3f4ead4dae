// Every NuGet package as its users get it: packed, installed from the file into a fresh project outside of the repository, built and run.
import { after, before, describe, it } from "node:test";
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { startRedis } from "../js/processes.js";
import { connectRaw, connectSignalR } from "../js/clients.js";
import { at, build, create, dispose, example, program, ROOT, run, start, VERSION } from "./workspace.js";

const SERVER = ["Gateway.Core", "Gateway.AspNetCore", "Gateway.Redis", "Gateway.OpenTelemetry"];
const LIBRARIES = [...SERVER, "Gateway.Client", "Gateway.Client.SignalR"];
const TOOLS = ["gateway-cli", "Gateway.Server"];

let redis, web;

before(async () => (redis = await startRedis()));
after(async () => {
  await web?.stop();
  await redis?.stop();
  await dispose();
});

describe("dotnet pack", () => {
  before(async () => {
    const env = { NUGET_PACKAGES: process.env.NUGET_PACKAGES }; // the working tree keeps its packages
    await run("dotnet", ["pack", `${ROOT}Gateway.sln`, "-c", "Release", "-v", "quiet", "-o", at("packed")], { seconds: 240, env });
  });

  it("makes every package, and symbols for each", () => {
    const expected = [...LIBRARIES, ...TOOLS].flatMap((id) => [`${id}.${VERSION}.nupkg`, `${id}.${VERSION}.snupkg`]);
    assert.deepEqual(readdirSync(at("packed")).toSorted(), expected.toSorted());
  });
});

describe("fresh projects", () => {
  // What stands ahead of the readme's example. Some registries lack Microsoft.AspNetCore.SignalR.Client, which has WithUrl:
  // this is its core with the transport of the examples.
  const connection = `
    using System.Net;
    using Microsoft.AspNetCore.Connections;
    using Microsoft.AspNetCore.SignalR.Client;
    using Gateway.Client.SignalR;
    var builder = new HubConnectionBuilder().WithAutomaticReconnect();
    builder.Services.AddSingleton<IConnectionFactory, SignalRDotNet.WebSocketConnectionFactory>();
    builder.Services.AddSingleton<EndPoint>(new UriEndPoint(new Uri(args[0] + "/hub?rooms=&username=Ann")));
    var connection = builder.Build();
    `;

  it("build with the packed packages", async () => {
    const stock = {
      "Program.cs": connection + example("Gateway.Client.SignalR").replace(/^using .*$/m, ""),
      "WebSocketConnectionFactory.cs": readFileSync(`${ROOT}clients/examples/signalr-dotnet/WebSocketConnectionFactory.cs`, "utf8"),
    };
    const redisExample = example("Gateway.Redis").replace("localhost:6379", redis.address);
    await Promise.all([
      create("Web", "web", ["Gateway.AspNetCore"], { "Program.cs": example("Gateway.AspNetCore") }),
      create("Measured", "web", ["Gateway.AspNetCore", "Gateway.OpenTelemetry"], { "Program.cs": example("Gateway.OpenTelemetry") }),
      create("Replica", "web", ["Gateway.AspNetCore", "Gateway.Redis"], { "Program.cs": redisExample }),
      create("Raw", "console", ["Gateway.Client"], { "Program.cs": example("Gateway.Client").replace('"ws://localhost:8080"', "args[0]") }),
      create("Stock", "web", ["Gateway.Client.SignalR"], stock),
    ]);
    await build(["Web", "Measured", "Replica", "Raw", "Stock"]);
  });

  it("have readme, icon, documentation, licence and commit in each package", () => {
    for (const id of LIBRARIES) {
      const folder = at("installed", id.toLowerCase(), VERSION);
      const expected = ["README.md", "icon.png", `lib/net10.0/${id}.xml`];
      assert.deepEqual(expected.filter((file) => !existsSync(`${folder}/${file}`)), [], `missing in ${id}`);
      const nuspec = readFileSync(`${folder}/${id.toLowerCase()}.nuspec`, "utf8");
      assert.match(nuspec, /<license type="expression">MIT<\/license>/);
      assert.match(nuspec, /<repository type="git" .*commit="[0-9a-f]{40}" \/>/);
    }
  });

  it("with Gateway.AspNetCore: a raw and a stock SignalR client chat", async () => {
    web = await serve("Web");
    await chat(web.url, web.url);
  });

  it("with Gateway.Redis: two processes share a room", async () => {
    const replicas = await Promise.all([serve("Replica"), serve("Replica")]);
    await chat(replicas[0].url, replicas[1].url);
    await Promise.all(replicas.map((replica) => replica.stop()));
  });

  it("with Gateway.OpenTelemetry: metrics are served", async () => {
    const measured = await serve("Measured");
    const page = await (await fetch(`${measured.url}/metrics`)).text();
    assert.match(page, /^websocket_connected_clients\{.*dialect="raw".*\} 0$/m);
    await measured.stop();
  });

  it("with Gateway.Client chat, as its readme shows", () => chatsWithBob("Raw"));
  it("with Gateway.Client.SignalR chat over a stock connection, as its readme shows", () => chatsWithBob("Stock"));
});

describe("dotnet tool install", () => {
  before(async () => {
    for (const id of TOOLS) await run("dotnet", ["tool", "install", id, "--tool-path", at("tools"), "--version", VERSION]);
  });

  it("gateway-cli: publishes, and tails what is published", async () => {
    const cli = at("tools", "gateway-cli");
    const tail = start(cli, ["tail", "deploys", "--since", "0", "--json", "--url", web.url]);
    await run(cli, ["publish", "deploys", "installed", "--name", "Ann", "--url", web.url]);
    const [line] = await tail.says(/^.*installed.*$/m);
    assert.equal(JSON.parse(line).payload.username, "Ann");
    await tail.stop();
  });

  it("gateway: serves both dialects, and the page with its script and style", async (t) => {
    const gateway = start(at("tools", "gateway"), ["--server:host=127.0.0.1", "--server:port=0", "--metrics:port=0"]);
    t.after(() => gateway.stop());
    const [, url] = await gateway.says(/SignalR hub +(\S+)\/hub\n/);
    await chat(url, url);
    const page = await fetch(`${url}/`);
    assert.match(page.headers.get("content-type"), /^text\/html/);
    const html = await page.text();
    const links = [/<script[^>]* src="([^"]+\.js)"/, /<link[^>]* href="([^"]+\.css)"/].map((pattern) => pattern.exec(html)?.[1]);
    for (const link of links) {
      const file = await fetch(new URL(link, `${url}/`));
      assert.equal(file.status, 200, `${link} of ${html}`);
      assert.match(file.headers.get("content-type"), link.endsWith(".js") ? /javascript/ : /^text\/css/);
      assert.ok((await file.text()).length > 1000);
    }
  });
});

/** Starts an ASP.NET Core application. */
async function serve(name) {
  const app = start("dotnet", [program(name)]);
  const [, url] = await app.says(/Now listening on: (http:\S+)/);
  return { url, stop: app.stop };
}

/** A raw client at one address, a stock SignalR client at the other: each hears both. */
async function chat(rawUrl, hubUrl) {
  const raw = await connectRaw(rawUrl, "?username=Ann&rooms=lobby");
  const stock = await connectSignalR(hubUrl, "webSockets", { query: "?username=Bob&rooms=lobby" });
  const clients = [raw, stock];
  try {
    for (const [speaker, content] of [[raw, "from the raw client"], [stock, "from the SignalR client"]]) {
      await speaker.request("chat", { content });
      for (const listener of clients) await listener.next("chat", (message) => message.content === content);
    }
  } finally {
    await Promise.all(clients.map((client) => client.close()));
  }
}

/** The program is Ann, who says hello in the lobby, hears what others say, and ends with the next line that is typed. */
async function chatsWithBob(name) {
  const bob = await connectRaw(web.url, "?username=Bob&rooms=lobby");
  const app = start("dotnet", [program(name), web.url]);
  try {
    await app.says(/^Ann: hello$/m);
    await bob.next("chat", ({ content }) => content === "hello");
    await bob.request("chat", { content: `to ${name}` });
    await app.says(new RegExp(`^Bob: to ${name}$`, "m"));
    app.type("");
    assert.equal(await app.ended(), 0);
  } finally {
    await app.stop();
    await bob.close();
  }
}
