// What a room goes on from: another replica, a history that is too short, a sequence that began anew; and reading back.
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { client, freePort, gateway, isOpen, newRoom, proxy, record, startRedis, until, within, type Gateway } from "./world.js";

let server: Gateway;
beforeAll(async () => {
  server = await gateway("--rooms:defaults:history=5", "--rooms:max_replay=100", "--rooms:defaults:announce=false"); // who leaves and joins would be in the history too
});
afterAll(() => server.kill());

const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => `${from + i}`);

/** A client behind a proxy, in a room where another one talks, that misses so many messages and comes back. */
async function miss(count: number) {
  const between = await proxy(server.url);
  const [gw, other] = [client(between.url), client(server.url)];
  const seen = record(gw);
  const room = newRoom();
  await within(Promise.all([gw.join(room), other.join(room)]), "join");
  await within(other.chat("before", { room }), "chat");
  await until(() => seen.of("chat").length === 1, "it heard the first");
  between.isAway = true;
  between.drop();
  let last = 0;
  for (const text of numbers(0, count)) last = (await within(other.chat(text, { room }), "chat")).offset!;
  const place = { epoch: other.position(room)!.epoch, offset: last }; // as answered: the message itself may still be on its way
  between.isAway = false;
  await until(() => seen.events.resumed.length === 1, "the room goes on");
  await within(other.chat("after", { room }), "chat");
  await until(() => seen.of("chat").at(-1).content === "after", "it heard the last");
  return { seen, room, place, gw };
}

it("what was missed comes first, and is told", async () => {
  const { seen, room } = await miss(4);
  expect(seen.of("chat").map((c) => c.content)).toEqual(["before", ...numbers(0, 4), "after"]);
  expect(seen.events.resumed).toEqual([{ room, recovered: true, replayed: expect.any(Number) }]);
  expect(seen.events.gap).toEqual([]);
});

it("what the history does not hold any more is a gap with its range", async () => {
  const { seen, room, place } = await miss(20);
  const [before, after] = seen.of("chat");
  expect(seen.of("chat").map((c) => c.content)).toEqual(["before", "after"]);
  expect(seen.events.gap).toEqual([{ room, reason: "history too short", epoch: place.epoch, from: before.offset + 1, to: place.offset, missed: undefined }]);
  expect(after.offset).toBeGreaterThan(place.offset);
  expect(seen.events.resumed).toEqual([{ room, recovered: false, replayed: 0 }]);
});

it("what is left of it can be read back", async () => {
  const { seen, room, gw } = await miss(20);
  const { from } = seen.events.gap[0]!;
  const page = await within(gw.request("history", { room, after: from! - 1, limit: 3 }), "history");
  expect(page).toMatchObject({ room, epoch: gw.position(room)!.epoch, more: true });
  expect(page.messages.map((m) => m.type)).toEqual(["chat", "chat", "chat"]);
  const rest = await within(gw.request("history", { room, after: page.messages.at(-1)!.offset }), "history");
  expect(rest.messages.map((m) => (m.payload as { content: string }).content)).toEqual(["19", "after"]);
  expect(rest.more).toBe(false);
});

it("a gateway that has forgotten everything: a gap without an end, and the room goes on in the new epoch", async () => {
  const port = await freePort();
  const first = await gateway(`--server:port=${port}`);
  onTestFinished(() => void first.kill());
  const gw = client(first.url);
  const seen = record(gw);
  const room = newRoom();
  await within(gw.join(room), "join");
  await within(gw.chat("before", { room }), "chat");
  await until(() => seen.of("chat").length === 1, "it came"); // the answer may be ahead of it
  const before = gw.position(room)!;
  await within(first.kill(), "the gateway to end");
  const second = await gateway(`--server:port=${port}`);
  onTestFinished(() => void second.kill());
  await until(() => seen.events.gap.length === 1, "it was told");
  expect(seen.events.gap).toEqual([{ room, reason: "epoch changed", epoch: before.epoch, from: before.offset + 1, to: undefined, missed: undefined }]);
  await within(gw.chat("after", { room }), "chat");
  await until(() => seen.of("chat").length === 2, "it came");
  expect(gw.position(room)!.epoch).not.toBe(before.epoch);
});

it("goes on with another replica where it was with the first", async () => {
  const redis = await startRedis();
  onTestFinished(() => void redis.stop());
  const [first, second] = await Promise.all([1, 2].map(() => gateway("--redis:enabled=true", `--redis:connection=${redis.address}`)));
  for (const replica of [first!, second!]) onTestFinished(() => void replica.kill());
  const between = await proxy(first!.url);
  const [gw, other] = [client(between.url), client(second!.url)];
  const seen = record(gw);
  const room = newRoom();
  await within(Promise.all([gw.join(room), other.join(room)]), "join");
  const { user_id, replica } = gw.welcome!;
  between.isAway = true;
  between.target = second!.url;
  await within(first!.kill(), "the replica to die");
  const mine = gw.chat("mine", { room });
  for (const text of numbers(0, 10)) await within(other.chat(text, { room }), "chat");
  between.isAway = false;
  await isOpen(gw);
  await within(mine, "chat");
  await until(() => seen.of("chat").length === 11, "all came");
  expect(seen.of("chat").map((c) => c.content)).toEqual([...numbers(0, 10), "mine"]);
  expect(seen.of("chat").at(-1).user_id).toBe(user_id);
  expect(gw.welcome!.replica).not.toBe(replica);
  expect(seen.events.gap).toEqual([]);
});
