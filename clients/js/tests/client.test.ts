// The client and a real gateway, with nothing in the way.
import { afterAll, beforeAll, expect, it } from "vitest";
import { GatewayClient, GatewayError } from "../src/index.js";
import { client, gateway, isOpen, newRoom, record, until, within, type Gateway } from "./world.js";

let server: Gateway;
beforeAll(async () => {
  server = await gateway("--messages:custom:typing:publish=members", "--messages:custom:note:publish=members");
});
afterAll(() => server.kill());

it("connects by itself, and is in no room until it joins one", async () => {
  const gw = client(server.url, { username: "Ann" });
  expect(gw.state).toBe("connecting");
  const seen = record(gw);
  await isOpen(gw);
  expect(seen.events.state.map((e) => e.state)).toEqual(["connecting", "open"]);
  await until(() => seen.of("welcome").length === 1, "welcome came");
  expect(gw.welcome).toMatchObject({ username: "Ann", rooms: [] });
  const room = newRoom();
  expect(await within(gw.join(room), "join")).toEqual({ room, epoch: expect.any(String), offset: expect.any(Number) });
  expect(gw.rooms).toEqual([room]);
});

it("says what is heard by others and by itself, once, with the gateway's offset", async () => {
  const room = newRoom();
  const [ann, bob] = [client(server.url, { username: "Ann" }), client(server.url)];
  await within(Promise.all([ann.join(room), bob.join(room)]), "join");
  const [heardByAnn, heardByBob] = [record(ann), record(bob)];
  const { offset } = await within(ann.chat("hello", { room }), "chat");
  await until(() => heardByAnn.of("chat").length === 1 && heardByBob.of("chat").length === 1, "both heard it");
  expect(heardByBob.of("chat")[0]).toMatchObject({ room, username: "Ann", content: "hello", offset });
  expect(bob.position(room)).toMatchObject({ offset });
});

it("keeps the order of what is said without waiting", async () => {
  const room = newRoom();
  const gw = client(server.url);
  const seen = record(gw);
  const joined = gw.join(room); // not awaited: what is said there waits for it
  await within(Promise.all(Array.from({ length: 500 }, (_, i) => gw.chat(`${i}`, { room }))), "500 answers");
  await within(joined, "join");
  await until(() => seen.of("chat").length === 500, "all came back");
  expect(seen.of("chat").map((c) => c.content)).toEqual(Array.from({ length: 500 }, (_, i) => `${i}`));
});

it("leaves a room, and hears no more of it", async () => {
  const room = newRoom();
  const [ann, bob] = [client(server.url), client(server.url)];
  const seen = record(bob);
  await within(Promise.all([ann.join(room), bob.join(room)]), "join");
  await within(bob.leave(room), "leave");
  await within(ann.chat("anyone?", { room }), "chat");
  await within(bob.request("ping", undefined), "ping"); // whatever was under way has come by then
  expect(seen.of("chat")).toEqual([]);
  expect(bob.rooms).toEqual([]);
  await expect(within(bob.leave(room), "leave")).rejects.toMatchObject({ code: 404 });
});

it("asks questions and gets their answers", async () => {
  const room = newRoom();
  const gw = client(server.url, { username: "Ann" });
  await within(gw.join(room), "join");
  expect((await within(gw.request("presence", { room }), "presence")).members).toMatchObject([{ username: "Ann", status: "online" }]);
  expect((await within(gw.request("ping", undefined), "ping")).time).toMatch(/Z$/);
});

it("sends to one user, sets a status, and hears of others'", async () => {
  const room = newRoom();
  const [ann, bob] = [client(server.url), client(server.url, { username: "Bob" })];
  await within(Promise.all([ann.join(room), bob.join(room)]), "join");
  const seen = record(ann);
  await within(bob.send("direct", { to: ann.welcome!.user_id, content: "psst" }), "direct");
  await within(bob.send("presence", { status: "away" }), "presence");
  await until(() => seen.of("direct").length === 1 && seen.of("presence").length === 1, "both came");
  expect(seen.of("direct")[0]).toMatchObject({ username: "Bob", content: "psst" });
  expect(seen.of("presence")[0]).toMatchObject({ username: "Bob", status: "away" });
  await expect(within(bob.send("direct", { to: "nobody", content: "?" }), "direct")).rejects.toMatchObject({ code: 404 });
});

it("sends own types, objects and other values", async () => {
  const gw = client(server.url);
  await within(gw.join("lobby"), "join");
  const seen: unknown[] = [];
  gw.on("typing", (payload) => seen.push(payload));
  expect(await within(gw.send("typing", { user: "Ann" }), "typing")).toEqual({ offset: expect.any(Number) });
  await within(gw.send("typing", "just text"), "typing");
  await until(() => seen.length === 2, "both came");
  expect(seen).toEqual([{ user: "Ann", message_id: expect.any(String), offset: expect.any(Number) }, "just text"]);
});

it("rejects with the gateway's code and text", async () => {
  const gw = client(server.url);
  const fault = await within(gw.chat("hello", { room: "elsewhere" }).catch((e: unknown) => e), "the answer");
  expect(fault).toBeInstanceOf(GatewayError);
  expect(fault).toMatchObject({ name: "GatewayError", code: 403, message: "not in room elsewhere" });
  await expect(within(gw.join("not a room"), "join")).rejects.toMatchObject({ code: 400 });
  await expect(within(gw.send("nonsense", {}), "send")).rejects.toMatchObject({ code: 400 });
  expect(gw.rooms).toEqual([]);
  expect(gw.state).toBe("open");
});

it("joining twice is one membership", async () => {
  const room = newRoom();
  const gw = client(server.url);
  const [a, b] = await within(Promise.all([gw.join(room), gw.join(room)]), "join");
  expect(a).toEqual(b);
  await within(gw.leave(room), "leave");
  await within(gw.join(room), "join");
  await within(gw.chat("here again", { room }), "chat");
});

it("yields every message to a loop, and ends it with the client", async () => {
  const room = newRoom();
  const gw = client(server.url);
  const loop = gw[Symbol.asyncIterator]();
  await within(gw.join(room), "join");
  await within(gw.chat("one", { room }), "chat");
  const types: string[] = [];
  const reading = (async () => {
    for await (const message of loop) {
      types.push(message.type);
      if (message.type === "chat") expect(message.payload.content).toBe("one");
    }
  })();
  await until(() => types.includes("chat"), "the loop has come to the chat");
  await within(gw.close(), "close");
  await within(reading, "the loop to end");
  expect(types).toEqual(["welcome", "chat"]);
});

it("a loop that is slower than the messages fails, and says so", async () => {
  const room = newRoom();
  const gw = client(server.url, { maxUnread: 5 });
  await within(gw.join(room), "join");
  const loop = gw[Symbol.asyncIterator]();
  for (let i = 0; i < 10; i++) await within(gw.chat(`${i}`, { room }), "chat");
  const read: string[] = [];
  const reading = async () => {
    for await (const message of loop) if (message.type === "chat") read.push(message.payload.content);
  };
  await expect(within(reading(), "the loop to fail")).rejects.toMatchObject({ code: "unread_overflow" });
  expect(read).toEqual(["0", "1", "2", "3", "4"]);
});

it("close settles whatever is open, and everything after it fails", async () => {
  const gw = client(server.url);
  await isOpen(gw);
  const open: Promise<unknown>[] = [gw.join(newRoom()), gw.chat("hello"), gw.request("ping", undefined)];
  const closed = within(gw.close(), "close");
  for (const promise of open) await expect(within(promise, "the promise to settle")).rejects.toMatchObject({ code: "closed" });
  await closed;
  expect(gw.state).toBe("closed");
  await expect(within(gw.chat("hello"), "chat")).rejects.toMatchObject({ code: "closed" });
  await expect(within(gw.join("lobby"), "join")).rejects.toMatchObject({ code: "closed" });
  await within(gw.close(), "closing again");
});

it("a handler can be taken away, and one that throws harms nobody", async () => {
  const room = newRoom();
  const gw = client(server.url);
  await within(gw.join(room), "join");
  const seen = record(gw);
  const heard: string[] = [];
  const fault = new Error("the application's own");
  gw.on("chat", () => {
    throw fault;
  });
  gw.on("chat", async () => {
    throw fault;
  });
  const off = gw.on("chat", ({ content }) => heard.push(content));
  await within(gw.chat("one", { room }), "chat");
  await until(() => heard.length === 1 && seen.events.error.length === 2, "the other handler heard it, and the faults were told");
  for (const error of seen.events.error) expect(error).toMatchObject({ code: "handler_failed", cause: fault });
  off();
});

it("wrong addresses and options are refused at once", () => {
  expect(() => new GatewayClient("not an address")).toThrow(TypeError);
  expect(() => client("ftp://localhost")).toThrow(/not the address of a gateway/);
  expect(() => client(server.url, { maxQueued: 0 })).toThrow(/maxQueued must be a number from 1/);
  expect(() => client(server.url, { heartbeatInterval: Infinity })).toThrow(/heartbeatInterval/);
});
