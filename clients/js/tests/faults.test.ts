// The promise itself: over a network that keeps breaking, nothing is lost, nothing comes twice, and all of it in order.
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { HubConnectionBuilder, HttpTransportType, LogLevel } from "@microsoft/signalr";
import { gatewayRetryPolicy, withGatewayResume, type ResumingConnection } from "../src/signalr/index.js";
import type { Proxy } from "./proxy.js";
import { Saboteur } from "./saboteur.js";
import { client, gateway, newRoom, proxy, until, within, type Gateway } from "./world.js";

/** So many messages may be unanswered at a time. */
const AHEAD = 200;
const LIMIT = 60_000;

let server: Gateway;
beforeAll(async () => {
  server = await gateway("--rooms:defaults:history=20000");
});
afterAll(() => server.kill());

interface Talker {
  chat(text: string, options: { room: string }): Promise<unknown>;
}

/** Says the numbers one after the other; what is said is awaited, but not one by one. */
async function sayAll(talker: Talker, room: string, count: number): Promise<void> {
  const open = new Set<Promise<unknown>>();
  for (let i = 0; i < count; i++) {
    const said: Promise<unknown> = talker.chat(`${i}`, { room }).finally(() => open.delete(said));
    open.add(said);
    if (open.size >= AHEAD) await Promise.race(open);
  }
  await Promise.all(open);
}

/** Breaks something each time when the numbers have come a step further, and at the end says how much was broken. */
function sabotage(heard: number[], count: number, drops: number, ...proxies: Proxy[]) {
  const saboteur = new Saboteur(...proxies);
  let next = 0;
  return {
    onHeard: () => {
      if (heard.length < next || saboteur.drops >= drops) return;
      next = heard.length + Math.floor(count / (drops * 1.5));
      saboteur.strike();
    },
    get drops() {
      return saboteur.drops;
    },
  };
}

const verdict = (heard: number[], count: number) => ({
  lost: count - new Set(heard).size,
  twice: heard.length - new Set(heard).size,
  inOrder: heard.every((n, i) => i === 0 || n > heard[i - 1]!),
});

it("raw: 10,000 messages, 50 drops: 0 lost, 0 twice, in order", async () => {
  const COUNT = 10_000;
  const [saying, listening] = [await proxy(server.url), await proxy(server.url)];
  const options = { reconnectBaseDelay: 20, reconnectMaxDelay: 100 };
  const [ann, bob] = [client(saying.url, options), client(listening.url, options)];
  const room = newRoom();
  const heard: number[] = [];
  const heardByAnn: number[] = [];
  const gaps: unknown[] = [];
  const saboteur = sabotage(heard, COUNT, 50, saying, listening);
  for (const gw of [ann, bob]) gw.events.on("gap", (gap) => gaps.push(gap));
  ann.on("chat", ({ content }) => heardByAnn.push(Number(content)));
  bob.on("chat", ({ content }) => {
    heard.push(Number(content));
    saboteur.onHeard();
  });
  await within(Promise.all([ann.join(room), bob.join(room)]), "join");
  await within(sayAll(ann, room, COUNT), () => `the answers; heard ${heard.length}, ${saboteur.drops} drops`, LIMIT);
  await until(() => heard.length >= COUNT && heardByAnn.length >= COUNT, "all have come", LIMIT);

  expect(saboteur.drops).toBeGreaterThanOrEqual(50);
  expect({ bob: verdict(heard, COUNT), ann: verdict(heardByAnn, COUNT), gaps }).toEqual({
    bob: { lost: 0, twice: 0, inOrder: true },
    ann: { lost: 0, twice: 0, inOrder: true },
    gaps: [],
  });
});

const TRANSPORTS = {
  "WebSockets without negotiation": { transport: HttpTransportType.WebSockets, skipNegotiation: true },
  "WebSockets": { transport: HttpTransportType.WebSockets },
  "server-sent events": { transport: HttpTransportType.ServerSentEvents },
};

function hub(url: string, transport: (typeof TRANSPORTS)[keyof typeof TRANSPORTS], query: string, maxInFlight: number): ResumingConnection {
  const connection = new HubConnectionBuilder()
    .withUrl(`${url}/hub${query}`, transport)
    .withAutomaticReconnect(gatewayRetryPolicy({ reconnectBaseDelay: 20, reconnectMaxDelay: 100 }))
    .configureLogging(LogLevel.None)
    .build();
  const gw = withGatewayResume(connection, { maxInFlight });
  onTestFinished(() => within(gw.stop(), "the connection to stop"));
  return gw;
}

it.each([
  { transport: "WebSockets without negotiation", messages: 3000, drops: 20, begins: "", ahead: 16 },
  { transport: "WebSockets", messages: 1000, drops: 10, begins: "", ahead: 16 },
  { transport: "WebSockets", messages: 1000, drops: 10, begins: "the room", ahead: 16 },
  { transport: "server-sent events", messages: 1000, drops: 10, begins: "", ahead: 1 }, // each is a request of its own, and may fail by itself
] as const)("SignalR over $transport, beginning in [$begins]: $messages messages, $drops drops: 0 lost, 0 twice, in order", async ({ transport, messages, drops, begins, ahead }) => {
  const [saying, listening] = [await proxy(server.url), await proxy(server.url)];
  const room = newRoom();
  const query = `?rooms=${begins && room}`;
  const [ann, bob] = [hub(saying.url, TRANSPORTS[transport], query, ahead), hub(listening.url, TRANSPORTS[transport], query, ahead)];
  const heard: number[] = [];
  const gaps: unknown[] = [];
  const saboteur = sabotage(heard, messages, drops, saying, listening);
  for (const gw of [ann, bob]) gw.events.on("gap", (gap) => gaps.push(gap));
  bob.on("chat", ({ content }) => {
    heard.push(Number(content));
    saboteur.onHeard();
  });
  await within(Promise.all([ann.start(), bob.start()]), "start");
  if (!begins) await within(Promise.all([ann.join(room), bob.join(room)]), "join");
  await within(sayAll(ann, room, messages), () => `the answers; heard ${heard.length}, ${saboteur.drops} drops`, LIMIT);
  await until(() => heard.length >= messages, "all have come", LIMIT);

  expect(saboteur.drops).toBeGreaterThanOrEqual(drops);
  expect({ ...verdict(heard, messages), gaps }).toEqual({ lost: 0, twice: 0, inOrder: true, gaps: [] });
});
