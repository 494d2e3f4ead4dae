// Whatever a server sends, the process lives, the client goes on, and is told what was ignored. (An exception that nobody catches fails the run.)
import { readdirSync, readFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { HttpTransportType, HubConnectionBuilder, LogLevel } from "@microsoft/signalr";
import { WebSocketServer, type WebSocket } from "ws";
import { withGatewayResume, type ResumingConnection } from "../src/signalr/index.js";
import type { GatewayClient, GatewayError } from "../src/index.js";
import { client, isOpen, until, within } from "./world.js";

const folder = new URL("../../../tests/wire/", import.meta.url);
const golden = readdirSync(folder)
  .filter((name) => name.endsWith(".json"))
  .map((name) => JSON.parse(readFileSync(new URL(name, folder), "utf8")) as { direction: string; type: string; payload: unknown; raw: string | null })
  .filter((file) => file.direction === "server" && file.raw !== null);

const WELCOME = { connection_id: "c-1", user_id: "guest-1", username: "Ann", guest_key: "k7Qe0C2mT1x9aBcDeFgHiJ", replica: "r1", rooms: [], cluster: { replicas: 1, connections: 1 } };
const RECORD = "\u001e";

/** A server that says what the test wants it to. */
class Liar {
  readonly url: string;
  socket: WebSocket | undefined;
  readonly #isHub: boolean;

  private constructor(server: WebSocketServer, isHub: boolean) {
    this.#isHub = isHub;
    this.url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on("connection", (socket) => {
      this.socket = socket;
      socket.on("message", (data) => this.#answer(JSON.parse(String(data).split(RECORD)[0]!)));
      if (!isHub) this.say("welcome", WELCOME);
    });
  }

  static async start(isHub: boolean): Promise<Liar> {
    const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
    await new Promise((resolve) => server.once("listening", resolve));
    onTestFinished(() => {
      for (const socket of server.clients) socket.terminate();
      server.close();
    });
    return new Liar(server, isHub);
  }

  /** What it answers a command. */
  answer: unknown = {};

  say(type: unknown, payload: unknown): void {
    if (this.#isHub) this.text(JSON.stringify({ type: 1, target: type, arguments: payload === undefined ? [] : [payload] }) + RECORD);
    else this.text(JSON.stringify({ type, payload }));
  }

  text(text: string): void {
    this.socket!.send(text);
  }

  #answer(command: { type?: unknown; protocol?: string; id?: number; invocationId?: string }): void {
    if (command.protocol) {
      this.text("{}" + RECORD);
      this.say("welcome", WELCOME);
    } else if (command.invocationId !== undefined) this.text(JSON.stringify({ type: 3, invocationId: command.invocationId, result: this.answer }) + RECORD);
    else if (command.id !== undefined) this.text(JSON.stringify({ type: "ack", id: command.id, payload: this.answer }));
  }
}

async function connect(isHub: boolean): Promise<{ liar: Liar; gw: GatewayClient | ResumingConnection; errors: GatewayError[] }> {
  const liar = await Liar.start(isHub);
  const errors: GatewayError[] = [];
  if (!isHub) {
    const gw = client(liar.url, { heartbeatInterval: 60_000 });
    gw.events.on("error", (error) => errors.push(error));
    await isOpen(gw);
    return { liar, gw, errors };
  }
  const connection = new HubConnectionBuilder()
    .withUrl(`${liar.url.replace("ws", "http")}/hub?rooms=`, { transport: HttpTransportType.WebSockets, skipNegotiation: true })
    .configureLogging(LogLevel.None)
    .build();
  const gw = withGatewayResume(connection);
  gw.events.on("error", (error) => errors.push(error));
  onTestFinished(() => within(gw.stop(), "the connection to stop"));
  await within(gw.start(), "start");
  await until(() => gw.welcome !== undefined, "the welcome");
  return { liar, gw, errors };
}

/** Everything that was sent has been read when this one has been heard. */
async function flush(liar: Liar, gw: GatewayClient | ResumingConnection): Promise<void> {
  const mark = `mark-${Math.random()}`;
  const heard: unknown[] = [];
  const off = gw.on("direct", ({ content }) => void (content === mark && heard.push(content)));
  liar.say("direct", { to: "guest-1", user_id: "x", username: "X", content: mark, time: "2026-11-20T20:34:41Z" });
  await until(() => heard.length === 1, "it goes on");
  off();
}

const SIDES = [
  ["the raw client", false],
  ["a stock SignalR connection with the companion", true],
] as const;

it.each(SIDES)("%s ignores, counts and tells what is malformed", async (_, isHub) => {
  const { liar, gw, errors } = await connect(isHub);
  const bad: [string, unknown, string][] = [
    ["system", undefined, "a system without a payload"],
    ["system", null, "a system without a payload"],
    ["system", {}, "a system whose event is missing or of the wrong kind"],
    ["system", { event: "gap", room: "lobby", from: "1", to: {} }, "a system whose from is of the wrong kind"],
    ["welcome", null, "a welcome that is not the connection's first message"],
    ["chat", null, "a chat without a payload"],
    ["chat", { room: 7, content: "x" }, "a chat whose room is of the wrong kind"],
    ["metrics", [], "a metrics without a payload"],
  ];
  for (const [type, payload] of bad) liar.say(type, payload);
  await flush(liar, gw);

  expect(errors.map(({ code, message }) => `${code}: ${message}`)).toEqual(bad.map(([, , problem]) => `malformed_message: ignored ${problem}`));
  expect(gw.malformed).toBe(bad.length);
});

it.each(SIDES)("%s takes one welcome per connection, and that as its first message", async (_, isHub) => {
  const { liar, gw } = await connect(isHub);
  const before = JSON.stringify(gw.welcome);
  const heard: unknown[] = [];
  gw.on("welcome", (payload) => heard.push(payload));
  gw.on("Welcome", (payload) => heard.push(payload));
  const forged = { ...WELCOME, user_id: "guest-evil", guest_key: "aTotallyDifferentGuestKey1", rooms: [{ room: "trap", epoch: "e", offset: 1 }] };
  for (const type of ["welcome", "Welcome", "WELCOME"]) liar.say(type, forged);
  await flush(liar, gw);

  expect(JSON.stringify(gw.welcome)).toBe(before);
  expect("guestKey" in gw ? gw.guestKey : new URL(gw.connection.baseUrl).searchParams.get("guest_key") ?? WELCOME.guest_key).toBe(WELCOME.guest_key);
  expect([gw.rooms, heard]).toEqual([[], []]);
  expect(gw.malformed).toBeGreaterThanOrEqual(3);
});

it("a first message that is no welcome does not open the raw client", async () => {
  const liar = await Liar.start(false);
  const errors: GatewayError[] = [];
  const gw = client(liar.url, { connectTimeout: 500, heartbeatInterval: 60_000 });
  const said = liar.say.bind(liar);
  liar.say = (_, payload) => {
    said("chat", { content: "too early" });
    said("welcome", { ...(payload as object), rooms: null });
  };
  gw.events.on("error", (error) => errors.push(error));
  await until(() => errors.length >= 2, "it was told");
  expect(errors.slice(0, 2).map((error) => error.message)).toEqual(['ignored a message ahead of the welcome: "chat"', "ignored a welcome whose rooms is missing or of the wrong kind"]);
  expect([gw.state, gw.welcome]).not.toContain("open");
  liar.say = said;
  await isOpen(gw); // it has tried again
});

it.each(SIDES)("%s fails a join whose answer is malformed", async (_, isHub) => {
  const { liar, gw } = await connect(isHub);
  for (const answer of [null, 7, [], { epoch: 7 }, { offset: "1" }, { epoch: "e", offset: -1 }]) {
    liar.answer = answer;
    await expect(within(gw.join("lobby"), "the answer")).rejects.toMatchObject({ code: "malformed_message" });
  }
});

it("a handler that cannot take a message fails alone, and an error without a payload settles its call", async () => {
  const { liar, gw, errors } = await connect(false);
  gw.on("chat", ({ content }) => content.trim());
  gw.on("system", (event) => event.event === "join" && event.username.trim());
  liar.say("chat", {});
  liar.say("system", { event: "join" });
  await flush(liar, gw);
  expect(errors.map((error) => error.code)).toEqual(["handler_failed", "handler_failed"]);

  liar.socket!.removeAllListeners("message").once("message", (data) => liar.text(JSON.stringify({ type: "error", id: JSON.parse(String(data)).id })));
  await expect(within(gw.request("history", {}), "the answer")).rejects.toMatchObject({ code: "malformed_message" });
});

it.each(SIDES)("%s lives through every golden file, mutated, and random JSON", async (_, isHub) => {
  const { liar, gw } = await connect(isHub);
  const random = generator(20_261_121);
  for (const type of ["chat", "direct", "presence", "system", "metrics", "welcome", "error", "own"]) gw.on(type, (payload) => void JSON.stringify(payload).length);
  liar.answer = { epoch: "e", offset: 5, recovered: true, replayed: 0 };
  await within(gw.join("lobby"), "join");
  for (let i = 0; i < 3000; i++) {
    const file = golden[random(golden.length)]!;
    const type = random(20) === 0 ? anything(random, 0) : file.type;
    const payload = random(4) === 0 ? anything(random, 3) : mutated(random, file.payload);
    if (isHub) liar.say(typeof type === "string" && type !== "" ? type : "own", payload); // the stock client closes on a record that is none
    else if (random(5) === 0) liar.text(broken(random, file.raw!));
    else liar.text(JSON.stringify({ type, payload: (type === "system" && (payload as any)?.event === "shutdown" ? {} : payload), ...(random(3) === 0 && { id: anything(random, 0) }) }));
  }
  await flush(liar, gw);
  expect(gw.welcome).toEqual(WELCOME);
  expect(gw.malformed).toBeGreaterThan(100);
}, 60_000);

/** The same numbers each time (Numerical Recipes' linear congruential generator). */
function generator(seed: number): (below: number) => number {
  return (below) => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
}

function anything(random: (below: number) => number, depth: number): unknown {
  const leaves = [null, true, 0, -1, 1.5, 1e308, 9_007_199_254_740_993, "", "lobby", "gap", "__proto__", "\ud800", [], {}];
  if (depth === 0 || random(2) === 0) return leaves[random(leaves.length)];
  if (random(3) === 0) return Array.from({ length: random(4) }, () => anything(random, depth - 1));
  const names = ["room", "event", "offset", "epoch", "from", "to", "missed", "rooms", "code", "constructor", "toString"];
  return Object.fromEntries(Array.from({ length: random(5) }, () => [names[random(names.length)], anything(random, depth - 1)]));
}

/** One value of it, somewhere, is another one or gone. */
function mutated(random: (below: number) => number, value: unknown): unknown {
  if (typeof value !== "object" || value === null || random(5) === 0) return anything(random, 1);
  const names = Object.keys(value);
  if (names.length === 0) return anything(random, 1);
  const name = names[random(names.length)]!;
  const copy: any = Array.isArray(value) ? [...value] : { ...value };
  if (random(4) === 0) delete copy[name];
  else copy[name] = mutated(random, copy[name]);
  return copy;
}

function broken(random: (below: number) => number, text: string): string {
  const at = random(text.length);
  const made = random(2) === 0 ? text.slice(0, at) : text.slice(0, at) + String.fromCharCode(32 + random(90)) + text.slice(at + 1);
  return made.includes("shutdown") ? "{" : made;
}
