// The golden files as a JavaScript client reads them: the raw frame by JSON.parse, the SignalR record by the stock client's own protocol.
import { it } from "node:test";
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { JsonHubProtocol, MessageType, NullLogger } from "@microsoft/signalr";

const folder = new URL("../wire/", import.meta.url);
const files = readdirSync(folder).filter((name) => name.endsWith(".json"));
const golden = files.map((name) => JSON.parse(readFileSync(new URL(name, folder), "utf8")));

const parse = (record) => {
  const messages = new JsonHubProtocol().parseMessages(`${record}\u001e`, NullLogger.instance);
  assert.equal(messages.length, 1);
  return messages[0];
};

it("there are golden files of both directions", () => {
  assert.ok(golden.some((g) => g.direction === "server") && golden.some((g) => g.direction === "client"));
});

for (const g of golden.filter((g) => g.raw)) {
  it(`${g.name}: the raw frame is the message`, () => {
    const { type, payload = null, id } = JSON.parse(g.raw); // a payload that is left out is null
    assert.equal(type, g.type);
    assert.deepEqual(payload, g.payload);
    if (g.id !== undefined) assert.equal(id, g.id);
  });
}

for (const g of golden.filter((g) => g.signalr && g.direction === "server")) {
  it(`${g.name}: the stock SignalR client reads the same payload`, () => {
    const message = parse(g.signalr);
    switch (message.type) {
      case MessageType.Invocation:
        assert.equal(message.target, g.type);
        if (message.arguments.length === 1) assert.deepEqual(message.arguments[0], g.payload);
        else assert.deepEqual(message.arguments.length === 0 ? null : message.arguments, g.payload);
        break;
      case MessageType.Completion:
        if (message.error) assert.ok(message.error.includes(`HubException: ${g.payload.code}: ${g.payload.message}`), message.error);
        else assert.deepEqual(message.result, g.payload);
        break;
      case MessageType.Close:
        assert.equal(message.allowReconnect ?? false, JSON.parse(g.signalr).allowReconnect ?? false);
        break;
      default:
        assert.fail(`unexpected record ${g.signalr}`);
    }
  });
}

for (const g of golden.filter((g) => g.signalr && g.direction === "client")) {
  it(`${g.name}: the stock SignalR client writes this record`, () => {
    const { target, arguments: args, invocationId } = JSON.parse(g.signalr);
    const written = new JsonHubProtocol().writeMessage({ type: MessageType.Invocation, target, arguments: args, invocationId });
    assert.deepEqual(JSON.parse(written.slice(0, -1)), JSON.parse(g.signalr));
  });
}
