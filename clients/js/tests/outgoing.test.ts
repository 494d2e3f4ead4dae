// What is said arrives once and in order, or whoever said it hears why not.
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { client, gateway, isOpen, newRoom, proxy, record, startRedis, until, within, type Gateway } from "./world.js";

let server: Gateway;
beforeAll(async () => {
  server = await gateway("--messages:direct=anyone");
});
afterAll(() => server.kill());

const numbers = (count: number) => Array.from({ length: count }, (_, i) => `${i}`);

it("what is said while away waits, and arrives in its order", async () => {
  const between = await proxy(server.url);
  const gw = client(between.url);
  const seen = record(gw);
  const room = newRoom();
  await within(gw.join(room), "join");
  between.isAway = true;
  between.drop();
  await until(() => gw.state === "reconnecting", "it is away");
  const said = numbers(50).map((text) => gw.chat(text, { room }));
  between.isAway = false;
  await within(Promise.all(said), "all answers");
  await until(() => seen.of("chat").length === 50, "all came back");
  expect(seen.of("chat").map((c) => c.content)).toEqual(numbers(50));
});

it("what is under way when the connection goes is published once", async () => {
  const between = await proxy(server.url);
  const gw = client(between.url);
  const witness = client(server.url);
  const seen = record(witness);
  const room = newRoom();
  await within(Promise.all([gw.join(room), witness.join(room)]), "join");
  between.isDeaf = true; // the gateway hears the client, and the client does not hear the gateway
  const said = numbers(10).map((text) => gw.chat(text, { room }));
  await until(() => seen.of("chat").length === 10, "the gateway has published them");
  between.isDeaf = false;
  between.drop();
  const answers = await within(Promise.all(said), "all answers");
  expect(answers.map(({ offset }) => offset)).toEqual(seen.of("chat").map((c) => c.offset));
  await within(gw.chat("last", { room }), "chat");
  await until(() => seen.of("chat").at(-1).content === "last", "the last one came");
  expect(seen.of("chat").map((c) => c.content)).toEqual([...numbers(10), "last"]);
});

it("what cannot be sent twice, and was under way, has an unknown outcome", async () => {
  const between = await proxy(server.url);
  const [gw, other] = [client(between.url), client(server.url)];
  await isOpen(gw);
  await isOpen(other);
  const seen = record(other);
  between.isDeaf = true;
  const said = gw.send("direct", { to: other.welcome!.user_id, content: "once" });
  await until(() => seen.of("direct").length === 1, "it arrived");
  between.isDeaf = false;
  between.drop();
  await expect(within(said, "the promise to settle")).rejects.toMatchObject({ code: "outcome_unknown" });
  await isOpen(gw);
  await within(gw.request("ping", undefined), "ping");
  expect(seen.of("direct").length).toBe(1);
});

it("more than maxQueued are refused, by name", async () => {
  const between = await proxy(server.url);
  const gw = client(between.url, { maxQueued: 3 });
  await isOpen(gw);
  between.isAway = true;
  between.drop();
  await until(() => gw.state === "reconnecting", "it is away");
  const said = numbers(3).map((text) => gw.chat(text, { room: "lobby" }));
  await expect(within(gw.chat("one more"), "the refusal")).rejects.toMatchObject({ code: "outgoing_overflow", message: "3 messages wait to be sent already" });
  await within(gw.close(), "close");
  for (const promise of said) await expect(within(promise, "the promise to settle")).rejects.toMatchObject({ code: "closed" });
});

it("what waits too long fails, and is not sent any more", async () => {
  const between = await proxy(server.url);
  const gw = client(between.url, { sendTimeout: 200, requestTimeout: 200 });
  const seen = record(gw);
  const room = newRoom();
  await within(gw.join(room), "join");
  between.isAway = true;
  between.drop();
  await until(() => gw.state === "reconnecting", "it is away");
  const [other, late] = [newRoom(), gw.chat("too late", { room })];
  const isLate = expect(within(late, "chat")).rejects.toMatchObject({ code: "timeout" });
  await expect(within(gw.join(other), "join")).rejects.toMatchObject({ code: "timeout" });
  await isLate;
  between.isAway = false;
  await until(() => gw.state === "open", "it is back");
  await within(gw.chat("in time", { room }), "chat");
  await until(() => seen.of("chat").length > 0, "it came");
  expect(seen.of("chat").map((c) => c.content)).toEqual(["in time"]);
  expect(gw.rooms).toEqual([room]);
});

it("over the rate limit it waits as long as it is told, and loses nothing", async () => {
  const strict = await gateway("--rate_limit:messages=10", "--rate_limit:window=500ms");
  onTestFinished(() => void strict.kill());
  const gw = client(strict.url, { maxInFlight: 1 });
  const seen = record(gw);
  const room = newRoom();
  await within(gw.join(room), "join");
  await within(Promise.all(numbers(25).map((text) => gw.chat(text, { room }))), "all answers");
  await until(() => seen.of("chat").length === 25, "all came back");
  expect(seen.of("chat").map((c) => c.content)).toEqual(numbers(25));
});

it("far over the rate limit for long, it is not closed for flooding", async () => {
  const strict = await gateway("--rate_limit:messages=10", "--rate_limit:window=500ms");
  onTestFinished(() => void strict.kill());
  const gw = client(strict.url);
  const seen = record(gw);
  const room = newRoom();
  await within(gw.join(room), "join");
  const said = numbers(60).map((n) => `${n}`);
  await within(Promise.all(said.map((content) => gw.chat(content, { room }))), "all chats");
  await until(() => seen.of("chat").length === said.length, "all came");
  expect(seen.of("chat").map((c) => c.content).toSorted()).toEqual(said.toSorted());
});

it("more rooms than the rate limit allows at once are entered all the same", async () => {
  const strict = await gateway("--rate_limit:messages=10", "--rate_limit:window=500ms");
  onTestFinished(() => void strict.kill());
  const gw = client(strict.url);
  const rooms = numbers(60).map(newRoom);
  await within(Promise.all(rooms.map((room) => gw.join(room))), "all joins");
  gw.reconnect();
  await until(() => gw.state === "open", "it is back");
  await within(Promise.all(rooms.map((room) => gw.chat("here", { room }))), "a chat in each");
  for (const room of rooms) await within(gw.leave(room), "leave");
});

it("too big a message is refused before it is sent", async () => {
  const gw = client(server.url);
  await expect(within(gw.chat("x".repeat(40_000)), "the refusal")).rejects.toMatchObject({ code: 413 });
  expect((await within(gw.request("ping", undefined), "ping")).time).toBeDefined();
});

it("the gateway's own limit costs the connection, and the one message", async () => {
  const gw = client(server.url, { maxMessageBytes: 0 });
  const room = newRoom();
  await within(gw.join(room), "join");
  const small = gw.chat("small", { room });
  await expect(within(gw.chat("x".repeat(40_000), { room }), "the refusal")).rejects.toMatchObject({ code: 413, message: "message too big" });
  await within(small, "chat");
  await within(gw.chat("after it", { room }), "chat");
});

it("what is no JSON is refused", async () => {
  const gw = client(server.url);
  const circle: { self?: object } = {};
  circle.self = circle;
  await expect(within(gw.send("typing", circle), "the refusal")).rejects.toThrow(TypeError);
});

it("while the backplane is away messages wait for it, and questions do not", async () => {
  const redis = await startRedis();
  onTestFinished(() => void redis.stop());
  const between = await proxy(`http://${redis.address}`);
  const replica = await gateway("--redis:enabled=true", `--redis:connection=${new URL(between.url).host}`, "--redis:publish_timeout=200ms");
  onTestFinished(() => void replica.kill());
  const gw = client(replica.url);
  const seen = record(gw);
  const room = newRoom();
  await within(gw.join(room), "join");
  between.isAway = true;
  between.drop();
  const said = gw.chat("in spite of it", { room });
  await expect(within(gw.request("history", { room }), "the refusal")).rejects.toMatchObject({ code: 503 });
  between.isAway = false;
  await within(said, "chat", 30_000);
  await until(() => seen.of("chat").length === 1, "it came");
});
