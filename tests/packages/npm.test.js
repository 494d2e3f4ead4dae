// @gateway/client as its users get it: packed, installed from the file into a fresh folder, used from Node and in a browser's bundle.
import { after, before, describe, it } from "node:test";
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startGateway } from "../js/processes.js";
import { connectRaw } from "../js/clients.js";
import { startBrowser } from "../browser/pages.js";
import { at, dispose, ROOT, run } from "./workspace.js";

const app = (...names) => at("app", ...names);
let gateway, bob;

before(async () => {
  gateway = await startGateway("--server:allowed_origins:0=*");
  bob = await connectRaw(gateway.url, "?username=Bob&rooms=lobby");
});
after(async () => {
  await bob?.close();
  await gateway?.stop();
  await dispose();
});

const heardByBob = (file) => bob.next("chat", ({ content }) => content === `hello from ${file}`);

/** Runs a file in the application's folder with Node. It says hello, and Bob hears it. */
async function saysHello(file) {
  const out = await run("node", [file, gateway.url], { cwd: app() });
  await heardByBob(file);
  return out;
}

// Node 20 has no WebSocket of its own.
const chat = (file, address) => `
  const gw = new GatewayClient(${address}, { username: "Ann", WebSocket });
  const heard = new Promise((resolve) => gw.on("chat", resolve));
  await gw.join("lobby");
  await gw.chat("hello from ${file}");
  console.log((await heard).content);
  await gw.close();`;

describe("npm pack", () => {
  it("makes a package with built files, types, readme and licence", async () => {
    const packed = await run("npm", ["pack", "--json", "--pack-destination", at("packed")], { cwd: `${ROOT}clients/js` });
    const [{ name, version, files }] = JSON.parse(packed.slice(packed.indexOf("[")));
    assert.deepEqual([name, version], ["@gateway/client", JSON.parse(readFileSync(`${ROOT}clients/js/package.json`, "utf8")).version]);
    const paths = files.map((file) => file.path);
    const expected = ["dist/index.js", "dist/index.d.ts", "dist/signalr/index.js", "dist/signalr/index.d.ts", "README.md", "LICENSE"];
    for (const path of expected) assert.ok(paths.includes(path), path);
    assert.ok(!paths.some((path) => /test|tsconfig/.test(path)));
    assert.equal(readFileSync(`${ROOT}clients/js/LICENSE`, "utf8"), readFileSync(`${ROOT}LICENSE`, "utf8"));
  });
});

describe("a fresh folder with the packed file", () => {
  before(async () => {
    mkdirSync(app());
    writeFileSync(app("package.json"), '{ "name": "app", "private": true, "type": "module" }\n');
    const [file] = readdirSync(at("packed")).filter((name) => name.endsWith(".tgz"));
    // What the package only works beside comes from the other tests' folder: nothing is downloaded.
    const beside = ["ws", "@microsoft/signalr"].map((name) => `${ROOT}tests/js/node_modules/${name}`);
    const quietly = ["--offline", "--no-audit", "--no-fund", "--loglevel=error"];
    await run("npm", ["install", ...quietly, at("packed", file), ...beside], { cwd: app() });
  });

  it("installs without dependencies", () => {
    const installed = readdirSync(app("node_modules")).filter((name) => !name.startsWith("."));
    assert.deepEqual(installed.toSorted(), ["@gateway", "@microsoft", "ws"]);
  });

  it("chats from an ES module", async () => {
    writeFileSync(app("main.mjs"), `
      import { GatewayClient } from "@gateway/client";
      import WebSocket from "ws";
      ${chat("main.mjs", "process.argv[2]")}`);
    assert.equal(await saysHello("main.mjs"), "hello from main.mjs\n");
  });

  // From Node 20.19 and 22.12 on.
  it("chats from CommonJS", { skip: !process.features.require_module && "this Node.js cannot require ES modules" }, async () => {
    writeFileSync(app("main.cjs"), `
      const { GatewayClient } = require("@gateway/client");
      const WebSocket = require("ws");
      (async () => {${chat("main.cjs", "process.argv[2]")}})();`);
    assert.equal(await saysHello("main.cjs"), "hello from main.cjs\n");
  });

  it("adds resume to a stock SignalR connection", async () => {
    writeFileSync(app("signalr.mjs"), `
      import { HubConnectionBuilder, LogLevel } from "@microsoft/signalr";
      import { withGatewayResume } from "@gateway/client/signalr";
      const builder = new HubConnectionBuilder().withUrl(process.argv[2] + "/hub?rooms=").withAutomaticReconnect();
      const connection = builder.configureLogging(LogLevel.None).build();
      const gw = withGatewayResume(connection);
      await gw.start();
      await gw.join("lobby");
      await gw.chat("hello from signalr.mjs");
      await gw.stop();`);
    await saysHello("signalr.mjs");
  });

  it("has types", async () => {
    writeFileSync(app("types.mts"), `
      import { GatewayClient, type GatewayError } from "@gateway/client";
      import { withGatewayResume } from "@gateway/client/signalr";
      const gw: GatewayClient = new GatewayClient("ws://localhost", { username: "Ann" });
      gw.on("chat", ({ content }) => content.toUpperCase());
      gw.events.on("error", (error: GatewayError) => error.code);
      // @ts-expect-error there is no such method
      gw.shout();
      export { withGatewayResume };`);
    const tsc = `${ROOT}clients/js/node_modules/typescript/bin/tsc`;
    const options = ["--noEmit", "--strict", "--module", "nodenext", "--target", "es2022", "--lib", "es2023,dom", "--types", ""];
    await run("node", [tsc, ...options, "types.mts"], { cwd: app() });
  });

  it("chats from a bundle in a browser", async (t) => {
    writeFileSync(app("index.html"), '<!doctype html><script type="module" src="./page.js"></script>');
    const script = chat("page.js", "location.hash.slice(1)").replace(", WebSocket", "").replace("console.log", "document.title = ");
    writeFileSync(app("page.js"), `import { GatewayClient } from "@gateway/client"; ${script}`);
    await run("node", [`${ROOT}clients/dashboard/node_modules/vite/bin/vite.js`, "build", "--logLevel", "warn"], { cwd: app() });
    const [pages, browser] = await Promise.all([serve(app("dist")), startBrowser()]);
    t.after(() => Promise.all([pages.stop(), browser.close()]));
    const page = await browser.newPage();
    await page.goto(`${pages.origin}/index.html#${gateway.url}`);
    await page.waitForFunction(() => document.title === "hello from page.js", null, { timeout: 15000 });
    await heardByBob("page.js");
  });
});

/** Serves a folder. */
async function serve(folder) {
  const types = { html: "text/html", js: "text/javascript" };
  const server = createServer((request, response) => {
    const file = join(folder, new URL(request.url, "http://localhost").pathname);
    if (!existsSync(file)) return response.writeHead(404).end();
    response.writeHead(200, { "content-type": types[file.split(".").at(-1)] }).end(readFileSync(file));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const stop = () => new Promise((resolve) => (server.closeAllConnections(), server.close(resolve)));
  return { origin: `http://127.0.0.1:${server.address().port}`, stop };
}
