// How the client goes on when its connection does not: restarts, refusals, silence.
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { WebSocket } from "ws";
import type { WebSocketClass } from "../src/index.js";
import { client, freePort, gateway, isOpen, newRoom, proxy, record, until, within, type Gateway } from "./world.js";

let server: Gateway;
beforeAll(async () => {
  server = await gateway();
});
afterAll(() => server.kill());

const ending = (gateway: Gateway): Gateway => {
  onTestFinished(() => void gateway.kill());
  return gateway;
};

it("comes back by itself when the gateway was restarted, as the same guest, into the same rooms", async () => {
  const port = await freePort();
  const first = ending(await gateway(`--server:port=${port}`));
  const gw = client(first.url);
  const seen = record(gw);
  const room = newRoom();
  await within(gw.join(room), "join");
  const { user_id } = gw.welcome!;
  expect(await within(first.stop(), "the gateway to end")).toBe(0);
  await until(() => gw.state === "reconnecting", "it is reconnecting");
  expect(seen.of("system")).toEqual([{ event: "shutdown" }]);

  const said = gw.chat("said while away", { room });
  const second = ending(await gateway(`--server:port=${port}`));
  await within(said, "the answer");
  await until(() => seen.of("chat").length === 1, "it came back");
  expect(seen.of("chat")[0].content).toBe("said while away");
  expect(gw.state).toBe("open");
  expect(seen.events.state.find((e) => e.state === "reconnecting")).toMatchObject({ failures: 0, delay: expect.any(Number), error: { code: 1001, message: "shutting down" } });
  expect(gw.welcome!.user_id).toBe(user_id);
  expect(gw.guestKey).toBe(gw.welcome!.guest_key);
  await within(second.kill(), "the gateway to end");
});

it("told that the gateway stops, it goes to another one while the first is still there", async () => {
  const [first, second] = [ending(await gateway()), ending(await gateway())];
  const between = await proxy(first.url);
  const stuck = new WebSocket(`${first.url.replace("http", "ws")}/ws?rooms=`); // takes its time, so the gateway waits
  await within(new Promise((resolve) => stuck.on("open", resolve)), "the WebSocket to open");
  stuck.pause();
  const gw = client(between.url);
  await isOpen(gw);
  between.target = second.url;
  let hasEnded = false;
  const ended = first.stop().then(() => (hasEnded = true));
  await until(() => gw.state === "open" && between.connections >= 2, "it is connected to the other one", 5000);
  expect(hasEnded).toBe(false);
  stuck.terminate();
  await within(ended, "the first to end");
});

it("keeps trying when the gateway is not there at the start, and says why", async () => {
  const port = await freePort();
  const gw = client(`ws://127.0.0.1:${port}/ws`);
  const seen = record(gw);
  const joined = gw.join("lobby");
  await until(() => seen.events.state.some((e) => e.failures >= 2), "two attempts have failed");
  expect(gw.state).toBe("connecting");
  expect(seen.events.state.at(-1)!.error!.message).toBe("no connection could be made");
  ending(await gateway(`--server:port=${port}`));
  expect(await within(joined, "join")).toMatchObject({ room: "lobby" });
});

it("gives up after maxReconnectAttempts, and everything settles", async () => {
  const port = await freePort();
  const gw = client(`ws://127.0.0.1:${port}/ws`, { maxReconnectAttempts: 2 });
  const seen = record(gw);
  const loop = gw[Symbol.asyncIterator]().next();
  const open: Promise<unknown>[] = [gw.join("lobby"), gw.chat("hello"), gw.request("ping", undefined)];
  for (const promise of open) await expect(within(promise, "the promise to settle")).rejects.toMatchObject({ code: "closed", message: expect.stringContaining("no connection could be made") });
  await expect(within(loop, "the loop to fail")).rejects.toMatchObject({ message: "no connection could be made" });
  expect(gw.state).toBe("closed");
  expect(seen.events.state.at(-1)).toMatchObject({ state: "closed", failures: 2, error: { message: "no connection could be made" } });
});

describe("what would be refused again ends it for good, with the reason:", () => {
  const closed = async (gw: ReturnType<typeof client>) => {
    const seen = record(gw);
    await until(() => seen.events.state.at(-1)?.state === "closed", "the client is closed");
    return seen.events.state.at(-1)!.error;
  };

  it("400", async () => {
    const gw = client(server.url, { username: "x".repeat(65) });
    expect(await closed(gw)).toMatchObject({ code: 400, message: "username is longer than 64 characters" });
  });

  it("403", async () => {
    class Elsewhere extends WebSocket {
      constructor(url: string) {
        super(url, { origin: "http://elsewhere.example" });
      }
    }
    const gw = client(server.url, {
      WebSocket: Elsewhere as unknown as WebSocketClass,
      fetch: (url, init) => fetch(url, { ...init, headers: { origin: "http://elsewhere.example" } }),
    });
    expect(await closed(gw)).toMatchObject({ code: 403, message: "origin not allowed" });
  });

  it("1008 flooding", async () => {
    const strict = ending(await gateway("--rate_limit:messages=2", "--rate_limit:window=60s"));
    const gw = client(strict.url, { maxInFlight: 100 });
    const seen = record(gw);
    const said = Array.from({ length: 30 }, () => gw.request("ping", undefined).catch((e: unknown) => e));
    await until(() => seen.events.state.at(-1)?.state === "closed", "the client is closed");
    expect(seen.events.state.at(-1)!.error).toMatchObject({ code: 1008, message: "flooding" });
    expect((await within(Promise.all(said), "all to settle")).at(-1)).toMatchObject({ code: "closed" });
  });
});

it("asks for a token at each connect, and tries again if there is none", async () => {
  const urls: URL[] = [];
  const tokens: string[] = [];
  class Recording extends WebSocket {
    constructor(url: string, protocols: string[], options: { headers: Record<string, string> }) {
      super(url, protocols, options);
      urls.push(new URL(url));
      tokens.push(options.headers["Authorization"]!);
    }
  }
  let asked = 0;
  const token = () => {
    if (++asked === 2) throw new Error("the issuer is away");
    return Promise.resolve(`token-${asked}`);
  };
  const gw = client(server.url, { token, WebSocket: Recording as unknown as WebSocketClass });
  const seen = record(gw);
  await isOpen(gw);
  gw.reconnect();
  await until(() => urls.length === 2 && gw.state === "open", "it is connected again");
  expect(tokens).toEqual(["Bearer token-1", "Bearer token-3"]);
  expect(seen.events.state.some((e) => e.error?.message === "no token: the issuer is away")).toBe(true);
  expect(urls.every((url) => url.searchParams.get("rooms") === "" && url.pathname === "/ws" && !url.search.includes("token"))).toBe(true);
});

it("a token that never comes does not keep it from closing", async () => {
  const gw = client(server.url, { token: () => new Promise<string>(() => {}) });
  await until(() => gw.state === "connecting", "it is connecting");
  await within(gw.close(), "close", 2000);
});

it("notices a link that is dead, and makes another", async () => {
  const between = await proxy(server.url);
  const gw = client(between.url, { heartbeatInterval: 100, heartbeatTimeout: 100 });
  const seen = record(gw);
  await isOpen(gw);
  between.isSilent = true;
  await until(() => seen.events.state.some((e) => e.error?.message === "the gateway does not answer"), "it has noticed", 5000);
  between.isSilent = false;
  await until(() => gw.state === "open", "it is connected again");
});

it("a link on which nothing is said, but that answers, stays", async () => {
  const between = await proxy(server.url);
  const gw = client(between.url, { heartbeatInterval: 20, heartbeatTimeout: 5000 });
  await isOpen(gw);
  for (let i = 0; i < 20; i++) await within(gw.request("ping", undefined), "ping");
  expect(between.connections).toBe(1);
});

it("gives up an attempt that comes to nothing", async () => {
  const between = await proxy(server.url);
  between.isSilent = true;
  const gw = client(between.url, { connectTimeout: 100 });
  const seen = record(gw);
  await until(() => seen.events.state.some((e) => e.error?.message === "no welcome within 100 ms"), "an attempt has failed");
  between.isSilent = false;
  await isOpen(gw);
});

it("the delays grow while it fails, stay under the cap, and begin anew after a connection that lasted", async () => {
  const between = await proxy(server.url);
  between.isAway = true;
  const gw = client(between.url, { reconnectBaseDelay: 10, reconnectMaxDelay: 40, fetch: null });
  const seen = record(gw);
  await until(() => seen.events.state.some((e) => e.failures >= 5), "five attempts have failed");
  between.isAway = false;
  await isOpen(gw);
  for (const { failures, delay = 0 } of seen.events.state) expect(delay).toBeLessThanOrEqual(Math.min(40, 10 * 2 ** failures));
  between.drop();
  await until(() => seen.events.state.at(-1)!.state === "open" && seen.events.state.length > 2, "it is connected again");
  await until(() => seen.events.state.filter((e) => e.state === "open").length === 2, "for the second time");
  expect(seen.events.state.findLast((e) => e.delay !== undefined)).toMatchObject({ state: "reconnecting", failures: 0 });
});

it("a room that it may not enter again is told", async () => {
  const port = await freePort();
  const first = ending(await gateway(`--server:port=${port}`));
  const gw = client(first.url);
  const seen = record(gw);
  const rooms = [newRoom(), newRoom()];
  for (const room of rooms) await within(gw.join(room), "join");
  await within(first.kill(), "the gateway to end");
  ending(await gateway(`--server:port=${port}`, "--rooms:max_per_connection=1", "--rooms:auto_join=lobby"));
  await until(() => seen.events.left.length === 1, "one room was lost");
  expect(seen.events.left[0]).toMatchObject({ room: rooms[1], error: { code: 403 } });
  expect(gw.rooms).toEqual([rooms[0]]);
});
