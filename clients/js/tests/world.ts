// What the tests share: real gateways, clients that are closed when their test is over, and waits with a deadline.
import { onTestFinished } from "vitest";
import { WebSocket } from "ws";
import { freePort, startGateway, startRedis, until, within as withinMs } from "../../../tests/js/processes.js";
import { GatewayClient, type AnyMessage, type ClientEvents, type ClientOptions, type WebSocketClass } from "../src/index.js";
import { Proxy } from "./proxy.js";

export { freePort, startRedis, until };

export const within = withinMs as <T>(promise: Promise<T>, what: string | (() => string), ms?: number) => Promise<T>;

export interface Gateway {
  url: string;
  output(): string;
  stop(): Promise<number | null>;
  kill(): Promise<number | null>;
}

/** @param args of the gateway's command line */
export async function gateway(...args: string[]): Promise<Gateway> {
  return (await startGateway(...args)) as Gateway;
}

/** As quick as a test needs it. */
const QUICK: Partial<ClientOptions> = {
  WebSocket: WebSocket as unknown as WebSocketClass,
  reconnectBaseDelay: 50,
  reconnectMaxDelay: 500,
  stableAfter: 0,
  requestTimeout: 15_000,
  sendTimeout: 30_000,
};

export function client(url: string, options: Partial<ClientOptions> = {}): GatewayClient {
  const gw = new GatewayClient(url, { ...QUICK, ...options });
  onTestFinished(() => within(gw.close(), "the client to close"));
  return gw;
}

export async function proxy(gateway: string): Promise<Proxy> {
  const between = await Proxy.start(gateway);
  onTestFinished(() => within(between.stop(), "the proxy to stop"));
  return between;
}

/** Everything that the client tells of, as it comes. */
export function record(gw: GatewayClient): { messages: AnyMessage[]; events: { [E in keyof ClientEvents]: ClientEvents[E][] }; of(type: string): any[] } {
  const messages: AnyMessage[] = [];
  const events = { state: [], gap: [], resumed: [], left: [], error: [] } as { [E in keyof ClientEvents]: ClientEvents[E][] };
  for (const type of ["welcome", "chat", "direct", "presence", "system", "metrics", "error", "typing"]) gw.on(type, (payload) => messages.push({ type, payload }));
  for (const name of Object.keys(events) as (keyof ClientEvents)[]) gw.events.on(name, (event) => events[name].push(event as never));
  return { messages, events, of: (type) => messages.filter((m) => m.type === type).map((m) => m.payload) };
}

let rooms = 0;

/** A room of the test's own. */
export const newRoom = (): string => `room-${++rooms}`;

export const isOpen = (gw: GatewayClient): Promise<void> => until(() => gw.state === "open", "the client is connected");
