// What one room lets through, record by record: the cases in which the answer to `join` and the messages come in awkward orders.
import { expect, it } from "vitest";
import type { Gap, Resumed } from "../src/index.js";
import { Room } from "../src/room.js";
import { backoff } from "../src/backoff.js";

function newRoom() {
  const heard: unknown[] = [];
  const gaps: Gap[] = [];
  const resumed: Resumed[] = [];
  const room = new Room("team", {
    message: ({ payload }) => heard.push((payload as { content?: string }).content ?? (payload as { event: string }).event),
    event: (name, event) => void (name === "gap" ? gaps.push(event as Gap) : resumed.push(event as Resumed)),
  });
  return { room, heard, gaps, resumed, hear: (offset: number, content = `${offset}`) => room.receive({ type: "chat", payload: { room: "team", content, offset } }) };
}

const at = (epoch: string, offset: number) => ({ room: "team", epoch, offset });

it("what comes ahead of the answer waits for it", () => {
  const { room, heard, hear } = newRoom();
  hear(7);
  expect(heard).toEqual([]);
  room.entered(at("e", 6));
  hear(8);
  expect(heard).toEqual(["7", "8"]);
  expect(room.position).toEqual({ epoch: "e", offset: 8 });
});

it("what was there before it entered is not for it", () => {
  const { room, heard, hear } = newRoom();
  hear(5);
  hear(6);
  hear(7);
  room.entered(at("e", 6));
  expect(heard).toEqual(["7"]);
});

it("what was missed comes once, ahead of what is newer, and what has been seen not again", () => {
  const { room, heard, hear, resumed } = newRoom();
  room.entered(at("e", 0));
  for (const offset of [1, 2, 3]) hear(offset);
  room.away();
  for (const offset of [2, 3, 4, 5, 6]) hear(offset);
  expect(heard).toEqual(["1", "2", "3"]);
  room.entered({ ...at("e", 5), recovered: true, replayed: 4 });
  expect(heard).toEqual(["1", "2", "3", "4", "5", "6"]);
  expect(resumed).toEqual([{ room: "team", recovered: true, replayed: 4 }]);
});

it("what a connection brought that went before the answer comes again with the next one", () => {
  const { room, heard, hear } = newRoom();
  room.entered(at("e", 0));
  room.away();
  hear(1);
  hear(2);
  room.away();
  hear(1);
  hear(2);
  hear(3);
  room.entered({ ...at("e", 3), recovered: true, replayed: 3 });
  expect(heard).toEqual(["1", "2", "3"]);
});

it("the place moves on over what was not for this client", () => {
  const { room } = newRoom();
  room.entered(at("e", 4));
  room.away();
  room.entered({ ...at("e", 9), recovered: true, replayed: 5 });
  expect(room.position).toEqual({ epoch: "e", offset: 9 });
});

it("on a connection that was in the room from the start, what was missed comes after newer messages and is put in order", () => {
  const { room, heard, hear } = newRoom();
  room.entered(at("e", 2));
  room.away();
  hear(6);
  hear(7);
  for (const offset of [3, 4, 5]) hear(offset);
  room.entered({ ...at("e", 7), recovered: true, replayed: 3 }, { epoch: "e", offset: 5 });
  hear(8);
  expect(heard).toEqual(["3", "4", "5", "6", "7", "8"]);
});

it("history too short: a gap with the range, then what is newer", () => {
  const { room, heard, gaps, hear, resumed } = newRoom();
  room.entered(at("e", 0));
  hear(1);
  room.away();
  hear(51);
  room.entered({ ...at("e", 50), recovered: false, replayed: 0, reason: "history too short" });
  expect(gaps).toEqual([{ room: "team", reason: "history too short", epoch: "e", from: 2, to: 50, missed: undefined }]);
  expect(resumed).toEqual([{ room: "team", recovered: false, replayed: 0 }]);
  expect(heard).toEqual(["1", "51"]);
});

it("too many: what was replayed before it was given up counts", () => {
  const { room, heard, gaps, hear } = newRoom();
  room.entered(at("e", 10));
  room.away();
  for (const offset of [11, 12, 13, 91]) hear(offset);
  room.entered({ ...at("e", 90), recovered: false, replayed: 3, reason: "too many" });
  expect(heard).toEqual(["11", "12", "13", "91"]);
  expect(gaps).toEqual([{ room: "team", reason: "too many", epoch: "e", from: 14, to: 90, missed: undefined }]);
});

it("a new epoch counts anew, and its low offsets are not taken for old ones", () => {
  const { room, heard, gaps, hear } = newRoom();
  room.entered(at("old", 100));
  room.away();
  hear(4);
  room.entered({ ...at("new", 3), recovered: false, replayed: 0, reason: "epoch changed" });
  hear(5);
  expect(heard).toEqual(["4", "5"]);
  expect(gaps).toEqual([{ room: "team", reason: "epoch changed", epoch: "old", from: 101, to: undefined, missed: undefined }]);
  expect(room.position).toEqual({ epoch: "new", offset: 5 });
});

it("a gap in the stream is told, and heard", () => {
  const { room, heard, gaps, hear } = newRoom();
  room.entered(at("e", 0));
  hear(1);
  room.receive({ type: "system", payload: { event: "gap", room: "team", missed: 3, from: 2, to: 4 } });
  hear(5);
  expect(gaps).toEqual([{ room: "team", reason: "slow consumer", epoch: "e", from: 2, to: 4, missed: 3 }]);
  expect(heard).toEqual(["1", "gap", "5"]);
});

it("an epoch that changes in the stream changes the place", () => {
  const { room, heard, gaps, hear } = newRoom();
  room.entered(at("old", 11));
  room.receive({ type: "system", payload: { event: "gap", room: "team", reason: "epoch changed", from: 12, epoch: "new", offset: 0 } });
  hear(1);
  expect(gaps).toEqual([{ room: "team", reason: "epoch changed", epoch: "old", from: 12, to: undefined, missed: undefined }]);
  expect(heard).toEqual(["gap", "1"]);
  expect(room.position).toEqual({ epoch: "new", offset: 1 });
});

it("an offset of the application's own is not taken for a place", () => {
  const { room, heard } = newRoom();
  room.entered(at("e", 5));
  room.receive({ type: "page", payload: { offset: 3, content: "third page" } }); // the gateway's would stand last
  expect(heard).toEqual(["third page"]);
  expect(room.position).toEqual({ epoch: "e", offset: 5 });
});

it("a room without offsets passes everything on, over reconnects too", () => {
  const { room, heard, gaps } = newRoom();
  const hear = (content: string) => room.receive({ type: "metrics", payload: { content } });
  room.entered({ room: "team" });
  hear("a");
  room.away();
  room.entered({ room: "team" });
  hear("b");
  expect(heard).toEqual(["a", "b"]);
  expect(gaps).toEqual([]);
});

it("delays double up to the cap, and any of them may be zero", () => {
  const options = { reconnectBaseDelay: 1000, reconnectMaxDelay: 30_000 };
  expect([0, 1, 2, 3, 4, 5, 6, 2000].map((n) => backoff(n, options, () => 1))).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
  expect(backoff(3, options, () => 0)).toBe(0);
  const delays = Array.from({ length: 200 }, () => backoff(0, options));
  expect(Math.max(...delays)).toBeLessThan(1000);
  expect(new Set(delays).size).toBeGreaterThan(100);
});
