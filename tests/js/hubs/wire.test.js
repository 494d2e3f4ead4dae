// What stands on the wire: every record that a WebSocket gets from the application's hubs, byte for byte the same with stock SignalR and on the gateway.
//
// Not compared, because they differ by nature:
// - the connection ids that the client gave in its own calls come back as they are, so the tests give them names of one length: none is in a record
// - the ids under which the server asks for a result: stock counts, the gateway's are unique among replicas
// - what the server still says when the client has closed the WebSocket itself: on the gateway sometimes a Close record, which nobody hears
// - pings, and how many records share one WebSocket message
// - the order of what is sent to a group, user or all, and the answer to the caller's own call: each kind keeps its own order
import { after, before, describe, it } from "node:test";
import assert from "node:assert/strict";
import { once } from "node:events";
import WebSocket from "ws";
import { STATES } from "./servers.js";
import { until, within } from "../processes.js";

const END = "\x1e";

/** A client that reads records as they are. */
class Recorder {
  records = [];
  #rest = "";
  #lastId = 0;
  #leaves = false;

  static async open(url, hub, token = "", handshake = `{"protocol":"json","version":1}`) {
    const recorder = new Recorder();
    recorder.socket = new WebSocket(`${url.replace("http", "ws")}/${hub}${token && `?access_token=${token}`}`);
    recorder.closed = once(recorder.socket, "close").then(([code, reason]) => `${code} ${reason}`);
    recorder.socket.on("message", (data) => recorder.#take(`${data}`));
    recorder.socket.on("error", () => {});
    await within(once(recorder.socket, "open"), "the WebSocket to open");
    recorder.socket.send(handshake + END);
    await recorder.has(() => recorder.records.length > 0, "the answer to the handshake");
    return recorder;
  }

  #take(text) {
    const parts = (this.#rest + text).split(END);
    this.#rest = parts.pop();
    if (!this.#leaves) this.records.push(...parts.filter((record) => record !== `{"type":6}`));
  }

  has(condition, what) {
    return until(condition, () => `${what}; so far: ${this.records.join("\n")}`);
  }

  send(record) {
    this.socket.send(record + END);
  }

  /** Calls a method and waits for the record that ends the call. */
  async call(target, args = "[]", type = 1) {
    const id = `${++this.#lastId}`;
    this.send(`{"type":${type},"invocationId":"${id}","target":"${target}","arguments":${args}}`);
    await this.has(() => this.records.some((r) => r.startsWith(`{"type":3,"invocationId":"${id}"`)), `the end of ${target}`);
  }

  async gets(target, count = 1) {
    const fits = (record) => record.includes(`"target":"${target}"`);
    await this.has(() => this.records.filter(fits).length >= count, `${count} times ${target}`);
  }

  async close() {
    this.#leaves = true;
    this.socket.close();
    await within(this.closed, "the WebSocket to close");
  }

  /** All records: those that the server sent by itself first, then the answers, each in their order. */
  transcript() {
    const invocations = this.records.filter((r) => r.startsWith(`{"type":1`));
    return [...invocations, ...this.records.filter((r) => !invocations.includes(r))];
  }
}

const SAID = `{"said_by":"ada","text":"<ü> & \\"😀\\" \\u0001 ' +","mood_of_speaker":"very_happy","asked_for":"3.5 USD","said_at":"2026-11-21T10:00:00.5+01:00"}`;

/** What happens, and who is recorded: the same in every state. */
const SCRIPTS = {
  "messages of every shape": async ({ a }) => {
    const ada = await Recorder.open(a, "rooms", "ada");
    await ada.gets("Heard");
    await ada.call("Nod", `["All",[]]`);
    await ada.gets("Nothing"); // so bob does not hear that ada has arrived
    const bob = await Recorder.open(a, "rooms", "bob");
    await ada.gets("Arrived");
    await bob.gets("Heard");
    for (const group of ["g", "a b }x *", "日本"]) await bob.call("Enter", `["${group}"]`);
    await ada.call("Repeat", `[${SAID}]`);
    await ada.gets("Heard", 2);
    await ada.call("Move", `["All",[],1,-2,"12.5 EUR"]`);
    await ada.gets("Moved");
    await ada.call("Move", `["User",["user bob"],3,4,null]`);
    await bob.gets("Moved", 2);
    await ada.call("Move", `["Group",["a b }x *"],5,6,"0 X"]`);
    await bob.gets("Moved", 3);
    await ada.call("Nod", `["Others",[]]`);
    await bob.gets("Nothing", 1);
    await ada.call("Nod", `["OthersInGroup",["日本"]]`);
    await bob.gets("Nothing", 2);
    await bob.close();
    await ada.gets("Left");
    await ada.close();
    return [ada, bob];
  },
  "results and errors, with details": async ({ a }) => {
    const ada = await Recorder.open(a, "calls", "ada");
    for (const target of ["Null", "Void", "Later", "renamed", "Fail", "FailKnown", "FailLater", "Unknown", "Who", "Till", "Secret"]) await ada.call(target);
    for (const args of ["[2,3]", "[1]", "[1,2,3]", `["one",2]`, "[null,2]", "[2.5,3]", "[99999999999,1]"]) await ada.call("Add", args);
    await ada.call("Echo", `[${SAID}]`);
    await ada.call("Echo", `[{"said_by":"a","text":"b","asked_for":"much"}]`);
    await ada.call("Echo", `[{"said_by":"a","text":"b","mood_of_speaker":"sad"}]`);
    await ada.call("Shout", `["hey"]`);
    await ada.close();
    return [ada];
  },
  "results and errors, without details": async ({ a }) => {
    const ada = await Recorder.open(a, "strict", "ada");
    await ada.gets("Announced");
    for (const target of ["Fail", "FailKnown", "Unknown"]) await ada.call(target);
    for (const args of [`["abc"]`, "[]", "[1]"]) await ada.call("Length", args);
    await ada.close();
    return [ada];
  },
  "streams": async ({ a }) => {
    const ada = await Recorder.open(a, "calls");
    await ada.call("Count", "[5]", 4);
    await ada.call("Story", `[["once","upon"]]`, 4);
    await ada.call("CountAndFail", "[2]", 4);
    await ada.call("Unknown", "[]", 4);
    await ada.call("Add", "[1,2]", 4);
    await ada.call("Count", "[5]");
    ada.send(`{"type":1,"invocationId":"sum","target":"Sum","arguments":[],"streamIds":["s"]}`);
    for (const item of [1, 2, 3]) ada.send(`{"type":2,"invocationId":"s","item":${item}}`);
    ada.send(`{"type":3,"invocationId":"s"}`);
    await ada.has(() => ada.records.some((r) => r.includes(`"invocationId":"sum"`)), "the sum");
    ada.send(`{"type":4,"invocationId":"loud","target":"Louder","arguments":[],"streamIds":["w"]}`);
    ada.send(`{"type":2,"invocationId":"w","item":"hey"}`);
    ada.send(`{"type":3,"invocationId":"w","error":"no more"}`);
    await ada.has(() => ada.records.some((r) => r.startsWith(`{"type":3,"invocationId":"loud"`)), "the end of the loud stream");
    await ada.close();
    return [ada];
  },
  "questions to the client": async ({ a }) => {
    const ada = await Recorder.open(a, "calls");
    const answers = [
      (id) => `{"type":3,"invocationId":"${id}","result":{"text":"yes","given_after":2}}`,
      (id) => `{"type":3,"invocationId":"${id}","error":"I will not"}`,
      (id) => `{"type":3,"invocationId":"${id}","result":5}`,
      (id) => `{"type":3,"invocationId":"${id}","result":null}`,
    ];
    for (const [i, answer] of answers.entries()) {
      ada.send(`{"type":1,"invocationId":"ask${i}","target":"AskMe","arguments":["q${i} ü"]}`);
      await ada.gets("ask", i + 1);
      const asked = ada.records.filter((r) => r.includes(`"target":"ask"`))[i];
      const { invocationId } = JSON.parse(asked);
      ada.records[ada.records.indexOf(asked)] = asked.replace(`"invocationId":"${invocationId}"`, `"invocationId":"?"`);
      ada.send(answer(invocationId));
      await ada.has(() => ada.records.some((r) => r.startsWith(`{"type":3,"invocationId":"ask${i}"`)), "the answer");
    }
    ada.send(`{"type":3,"invocationId":"9999","result":5}`); // nobody asked
    await ada.call("Add", "[1,2]");
    await ada.close();
    return [ada];
  },
  "closes": async ({ a }) => {
    const aborted = await Recorder.open(a, "calls");
    aborted.send(`{"type":1,"target":"Abort","arguments":[]}`);
    const broken = await Recorder.open(a, "calls");
    broken.send(`{"type":1,"target"`);
    const noObject = await Recorder.open(a, "calls");
    noObject.send(`[]`);
    const large = await Recorder.open(a, "strict", "ada");
    large.send(`{"type":1,"target":"Length","arguments":["${"x".repeat(2000)}"]}`);
    const refused = await Recorder.open(a, "strict", "nobody");
    const left = await Recorder.open(a, "calls");
    left.send(`{"type":7}`);
    const otherProtocol = await Recorder.open(a, "calls", "", `{"protocol":"smoke signals","version":1}`);
    const otherVersion = await Recorder.open(a, "calls", "", `{"protocol":"json","version":77}`);
    const all = [aborted, broken, noObject, large, refused, left, otherProtocol, otherVersion];
    for (const one of all) await within(one.closed, () => `the close, after ${one.records}`);
    return all;
  },
};

describe("the wire", () => {
  const states = {};

  before(async () => {
    await Promise.all(Object.entries(STATES).map(async ([name, start]) => (states[name] = await start())));
  });
  after(() => Promise.all(Object.values(states).map((state) => state.stop())));

  for (const [name, script] of Object.entries(SCRIPTS)) {
    it(name, async () => {
      const seen = {};
      for (const state of Object.keys(STATES)) {
        const recorders = await script(states[state]);
        seen[state] = await Promise.all(recorders.map(async (r) => [...r.transcript(), `closed ${await r.closed}`]));
      }
      const [[, stock], ...others] = Object.entries(seen);
      if (process.env.SHOW_WIRE) console.log(stock);
      for (const [state, records] of others) assert.deepEqual(records, stock, `${name}: ${state} differs from stock SignalR`);
    });
  }

  it("the end of the server: the gateway may get to say that the client may come back", async () => {
    const told = `{"type":7,"allowReconnect":true}`;
    for (const state of Object.keys(STATES)) {
      const { a, shutDown } = states[state];
      const ada = await Recorder.open(a, "calls");
      await ada.call("Add", "[1,2]");
      await shutDown();
      const end = [...ada.records.slice(2), await within(ada.closed, "the close")];
      // The framework cuts its connections off at the same moment, so it may come to nothing.
      const allowed = state === "stock SignalR" ? ["1006 "] : ["1006 ", `${told} 1006 `, `${told} 1001 shutting down`];
      assert.ok(allowed.includes(end.join(" ")), `${state}: ${end}`);
    }
  });
});
