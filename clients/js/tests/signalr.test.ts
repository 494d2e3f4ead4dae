// The stock SignalR client with the companion on top, and a real gateway.
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { HttpTransportType, HubConnectionBuilder, LogLevel, type HubConnection } from "@microsoft/signalr";
import { gatewayRetryPolicy, withGatewayResume, type ResumeOptions, type ResumingConnection } from "../src/signalr/index.js";
import { client, freePort, gateway, newRoom, proxy, until, within, type Gateway } from "./world.js";

let server: Gateway;
beforeAll(async () => {
  server = await gateway("--messages:custom:typing:publish=members");
});
afterAll(() => server.kill());

function stock(url: string, query = "?rooms="): HubConnection {
  return new HubConnectionBuilder()
    .withUrl(`${url}/hub${query}`, { transport: HttpTransportType.WebSockets, skipNegotiation: true })
    .withAutomaticReconnect(gatewayRetryPolicy({ reconnectBaseDelay: 50, reconnectMaxDelay: 500 }))
    .configureLogging(LogLevel.None)
    .build();
}

async function started(url: string, query?: string, options?: Partial<ResumeOptions>): Promise<ResumingConnection> {
  const gw = withGatewayResume(stock(url, query), options);
  onTestFinished(() => within(gw.stop(), "the connection to stop"));
  await within(gw.start(), "start");
  return gw;
}

it("joins, says, asks, leaves; and shares the room with a raw client", async () => {
  const room = newRoom();
  const [hub, raw] = [await started(server.url, "?rooms=&username=Bob"), client(server.url)];
  const heard: string[] = [];
  hub.on("chat", ({ username, content }) => heard.push(`${username}: ${content}`));
  await within(Promise.all([hub.join(room), raw.join(room)]), "join");
  expect(await within(hub.chat("hello", { room }), "chat")).toEqual({ offset: expect.any(Number) });
  await within(raw.chat("hello yourself", { room }), "chat");
  await until(() => heard.length === 2, "it heard both");
  expect(heard).toEqual(["Bob: hello", `${raw.welcome!.username}: hello yourself`]);
  expect((await within(hub.request("presence", { room }), "presence")).count).toBe(2);
  expect((await within(hub.request("ping", undefined), "ping")).time).toMatch(/Z$/);
  await within(hub.send("direct", { to: raw.welcome!.user_id, content: "psst" }), "direct");
  await within(hub.leave(room), "leave");
  expect(hub.rooms).toEqual([]);
});

it("sends and hears own types", async () => {
  const gw = await started(server.url, "?rooms=lobby");
  const heard: unknown[] = [];
  gw.on("typing", (payload) => heard.push(payload));
  await within(gw.send("typing", { user: "Ann" }), "typing");
  await until(() => heard.length === 1, "it came back");
  expect(heard).toEqual([{ user: "Ann", message_id: expect.any(String), offset: expect.any(Number) }]);
});

it("rejects with the gateway's code and text, as the raw client does", async () => {
  const gw = await started(server.url);
  await expect(within(gw.chat("hello", { room: "elsewhere" }), "the refusal")).rejects.toMatchObject({ name: "GatewayError", code: 403, message: "not in room elsewhere" });
  await expect(within(gw.chat("x".repeat(40_000)), "the refusal")).rejects.toMatchObject({ code: 413 });
});

it("the rooms in which it begins are resumed like those that it joined", async () => {
  const [begins, joined] = [newRoom(), newRoom()];
  const between = await proxy(server.url);
  const [gw, other] = [await started(between.url, `?rooms=${begins}`), client(server.url)];
  const heard: string[] = [];
  gw.on("chat", ({ content }) => heard.push(content));
  await within(Promise.all([gw.join(joined), other.join(begins), other.join(joined)]), "join");
  expect(gw.rooms.sort()).toEqual([begins, joined].sort());
  between.isAway = true;
  between.drop();
  await until(() => gw.connection.state === "Reconnecting", "it is away");
  for (const room of [begins, joined, begins, joined]) await within(other.chat(`in ${room}`, { room }), "chat");
  const mine = gw.chat("mine", { room: begins });
  between.isAway = false;
  await within(mine, "chat");
  await until(() => heard.length === 5, "all came");
  expect(heard.filter((text) => !text.includes(joined))).toEqual([`in ${begins}`, `in ${begins}`, "mine"]);
  expect(heard.filter((text) => text.includes(joined))).toEqual([`in ${joined}`, `in ${joined}`]);
});

it("a room that it began in and left stays left", async () => {
  const room = newRoom();
  const between = await proxy(server.url);
  const [gw, other] = [await started(between.url, `?rooms=${room}`), client(server.url)];
  await within(other.join(room), "join");
  await until(() => gw.rooms.length === 1, "it is in");
  await within(gw.leave(room), "leave");
  between.drop();
  await until(() => between.connections === 2 && gw.connection.state === "Connected", "it is connected again");
  await until(async () => (await within(other.request("presence", { room }), "presence")).count === 1, "only the other one is there");
  expect(gw.rooms).toEqual([]);
});

it("is the same guest again, so that what it sends twice is published once", async () => {
  const between = await proxy(server.url);
  const [gw, witness] = [await started(between.url), client(server.url)];
  const room = newRoom();
  const heard: string[] = [];
  witness.on("chat", ({ content }) => heard.push(content));
  await within(Promise.all([gw.join(room), witness.join(room)]), "join");
  const { user_id } = gw.welcome!;
  between.isDeaf = true;
  const said = gw.chat("once", { room });
  await until(() => heard.length === 1, "it was published");
  between.isDeaf = false;
  between.drop();
  await within(said, "the answer");
  await within(gw.chat("last", { room }), "chat");
  await until(() => heard.includes("last"), "the last one came");
  expect(heard).toEqual(["once", "last"]);
  expect(gw.welcome!.user_id).toBe(user_id);
});

it("goes on after a restart of the gateway, and of its own", async () => {
  const port = await freePort();
  const first = await gateway(`--server:port=${port}`);
  onTestFinished(() => void first.kill());
  const gw = await started(first.url);
  const room = newRoom();
  await within(gw.join(room), "join");
  await within(first.stop(), "the gateway to end");
  const said = gw.chat("said while away", { room });
  const second = await gateway(`--server:port=${port}`);
  onTestFinished(() => void second.kill());
  await within(said, "the answer");

  await within(gw.stop(), "stop");
  await expect(within(gw.chat("stopped"), "the refusal")).rejects.toMatchObject({ code: "closed" });
  await within(gw.start(), "start");
  await within(gw.chat("started again", { room }), "chat");
});

it("when the stock client gives up, everything settles", async () => {
  const between = await proxy(server.url);
  const connection = new HubConnectionBuilder()
    .withUrl(`${between.url}/hub?rooms=`, { transport: HttpTransportType.WebSockets, skipNegotiation: true })
    .withAutomaticReconnect(gatewayRetryPolicy({ reconnectBaseDelay: 1, maxReconnectAttempts: 2 }))
    .configureLogging(LogLevel.None)
    .build();
  const gw = withGatewayResume(connection);
  await within(gw.start(), "start");
  between.isAway = true;
  between.drop();
  const open: Promise<unknown>[] = [gw.chat("hello"), gw.join(newRoom()), gw.request("ping", undefined)];
  for (const promise of open) await expect(within(promise, "the promise to settle")).rejects.toMatchObject({ code: "closed" });
  expect(connection.state).toBe("Disconnected");
});

it("the retry policy counts attempts", () => {
  const policy = gatewayRetryPolicy({ maxReconnectAttempts: 2, reconnectBaseDelay: 100 });
  const delayOf = (previousRetryCount: number) => policy.nextRetryDelayInMilliseconds({ previousRetryCount, elapsedMilliseconds: 0, retryReason: new Error("gone") });
  expect(delayOf(0)).toBeLessThanOrEqual(100);
  expect(delayOf(1)).toBeLessThanOrEqual(200);
  expect(delayOf(2)).toBeNull();
  expect(() => gatewayRetryPolicy({ reconnectMaxDelay: -1 })).toThrow(TypeError);
});
