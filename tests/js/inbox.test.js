// The tests' own mailbox: a wait has one end, whatever else comes in meanwhile.
import { it } from "node:test";
import assert from "node:assert/strict";
import { Inbox } from "./clients.js";

it("other messages do not prolong a wait", async () => {
  const inbox = new Inbox();
  const chatter = setInterval(() => inbox.add("metrics", {}), 10);
  try {
    await assert.rejects(inbox.next("chat", undefined, 100), /^Error: waited 100 ms for a message of type chat; so far: metrics,/);
  } finally {
    clearInterval(chatter);
  }
});

it("other messages are kept for those who ask for them", async () => {
  const inbox = new Inbox();
  inbox.add("system", 1);
  inbox.add("chat", 2);
  assert.equal(await inbox.next("chat"), 2);
  assert.equal(await inbox.next("system"), 1);
});
