// The README's examples are run as they stand there, against the built package.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { RECONNECT_DEFAULTS, SHARED_DEFAULTS, complete } from "../src/options.js";
import { client, gateway, record, until, within, type Gateway } from "./world.js";

const folder = fileURLToPath(new URL("../", import.meta.url));
const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
const front = readFileSync(new URL("../../../README.md", import.meta.url), "utf8");

let server: Gateway;
beforeAll(async () => {
  server = await gateway();
});
afterAll(() => server.kill());

/** The code of the first such block that begins in this way. */
const block = (text: string, mark: string, beginning = ""): string => new RegExp(`^\`\`\`${mark}\n(${beginning}.*?)^\`\`\``, "ms").exec(text)![1]!;

/** Runs an example at the gateway's real address. @returns what it has printed so far */
function run(code: string, flags: string[]): () => string {
  const child = spawn(process.execPath, [...flags, "--input-type=module", "--eval", code.replaceAll("localhost:8080", new URL(server.url).host)], { cwd: folder });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => (output += data));
  onTestFinished(() => void child.kill());
  return () => output;
}

/** Node's own WebSocket is a browser's. */
const likeABrowser = Number(process.versions.node.split(".")[0]) < 22 ? ["--experimental-websocket"] : [];

it.each([
  { name: "for browsers", code: block(readme, "js browser"), flags: likeABrowser },
  { name: "for Node", code: block(readme, "js node"), flags: [] },
  { name: "for SignalR", code: block(readme, "js signalr"), flags: [] },
  { name: "on the repository's front page", code: block(front, "js", "import { GatewayClient"), flags: likeABrowser },
  { name: "for a plain WebSocket, on the front page", code: block(front, "js", "import WebSocket"), flags: [] },
  { name: "for stock SignalR, on the front page", code: block(front, "js", "import { HubConnectionBuilder"), flags: [] },
])("the example $name says hello, and hears others", async ({ code, flags }) => {
  const witness = client(server.url, { username: "Witness" });
  const seen = record(witness);
  await within(witness.join("lobby"), "join");
  const output = run(code, flags);
  await until(() => seen.of("chat").some((c) => c.content === "hello") || output().includes("Error"), "it said hello", 30_000);
  await until(async () => {
    await within(witness.chat("welcome", { room: "lobby" }), "chat"); // again and again: it may still be about to listen
    return /Witness.{0,40}welcome/.test(output()); // in whichever form it prints messages
  }, "it heard the witness");
  expect(output()).not.toContain("Error");
});

it("the table of options has every option, with its default", () => {
  class WebSocket {}
  const defaults = complete({ WebSocket: WebSocket as never, fetch: null });
  const rows = new Map([...readme.matchAll(/^\| `(\w+)` \|([^|]*)\|/gm)].map(([, name, text]) => [name!, text!.trim().replaceAll("`", "")]));
  for (const [name, value] of Object.entries(defaults)) {
    expect(rows.has(name), `${name} is in the table`).toBe(true);
    if (typeof value === "number") expect(rows.get(name), name).toBe(`${value}`);
  }
  expect(Object.keys(defaults)).toEqual(expect.arrayContaining([...Object.keys(SHARED_DEFAULTS), ...Object.keys(RECONNECT_DEFAULTS)]));
});
