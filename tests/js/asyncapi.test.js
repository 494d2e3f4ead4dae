// docs/asyncapi.yaml against the golden files, which the gateway is tested against, and against docs/protocol.md, which people read.
import { before, it } from "node:test";
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { Parser } from "@asyncapi/parser";
import Ajv from "ajv";
import { parse } from "yaml";

const read = (path) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
const text = read("docs/asyncapi.yaml");
const contract = parse(text);
const protocol = read("docs/protocol.md");
const golden = readdirSync(new URL("../wire/", import.meta.url))
  .filter((name) => name.endsWith(".json"))
  .map((name) => JSON.parse(read(`tests/wire/${name}`)));

const ajv = new Ajv({ strict: true, strictTypes: false, strictRequired: false, allowUnionTypes: true });
/** A reference into the document names one of these schemas. */
const resolved = (schema) => JSON.parse(JSON.stringify(schema).replaceAll('"#/components/schemas/', '"'));
for (const [name, schema] of Object.entries(contract.components.schemas)) ajv.addSchema({ $id: name, ...resolved(schema) });

const last = (reference) => reference.$ref.split("/").at(-1);
/** The messages of a channel that go in this direction: [key, message, validate]. */
function messagesOf(channel, action) {
  const keys = new Set();
  for (const operation of Object.values(contract.operations)) {
    if (last(operation.channel) !== channel) continue;
    if (operation.action === action) operation.messages.forEach((message) => keys.add(last(message)));
    else operation.reply?.messages.forEach((message) => keys.add(last(message)));
  }
  return [...keys].map((key) => {
    const message = contract.components.messages[last(contract.channels[channel].messages[key])];
    return { key, message, accepts: ajv.compile(resolved(message.payload)), result: message["x-result"] && ajv.compile(resolved(message["x-result"])) };
  });
}
const messages = { raw: { server: messagesOf("raw", "send"), client: messagesOf("raw", "receive") }, hub: { server: messagesOf("hub", "send"), client: messagesOf("hub", "receive") } };

/** The one message that a frame is by its type, and by its target where it is an invocation. */
function find(candidates, frame) {
  const constants = (message) => {
    const { type, target, invocationId, error } = message.payload.properties;
    return { type: type?.const, target: target?.const, asks: frame.type === 1 && invocationId !== undefined && target?.const === undefined, fails: error !== undefined };
  };
  const matching = candidates.filter(({ message }) => constants(message).type === frame.type);
  if (matching.length === 0) return candidates.find(({ message }) => message.name === "own");
  if (frame.type === 1)
    return matching.find(({ message }) => constants(message).target === frame.target) ?? matching.find(({ message }) => constants(message).target === undefined && constants(message).asks === "invocationId" in frame);
  if (frame.type === 3) return matching.find(({ message }) => constants(message).fails === "error" in frame);
  return matching[0];
}

const frames = golden.flatMap((g) => [
  ...(g.raw ? [{ name: `${g.name}, raw`, direction: g.direction, dialect: "raw", frame: JSON.parse(g.raw) }] : []),
  ...(g.signalr ? [{ name: `${g.name}, SignalR`, direction: g.direction, dialect: "hub", frame: JSON.parse(g.signalr) }] : []),
]);

let problems;
before(async () => {
  problems = (await new Parser().parse(text)).diagnostics.filter((diagnostic) => diagnostic.severity === 0);
});

it("is a valid AsyncAPI 3 document", () => {
  assert.equal(contract.asyncapi, "3.0.0");
  assert.deepEqual(problems.map(({ message, path }) => `${path.join(".")}: ${message}`), []);
});

it("its schemas are schemas", () => {
  for (const name of Object.keys(contract.components.schemas)) assert.doesNotThrow(() => ajv.getSchema(name), name);
});

for (const { name, direction, dialect, frame } of frames) {
  it(`${name}: as described`, () => {
    const found = find(messages[dialect][direction], frame);
    assert.ok(found, "no message of the document has this type");
    assert.ok(found.accepts(frame), `${found.key}: ${ajv.errorsText(found.accepts.errors)}`);
  });
}

it("every message of the document has a golden file, but for those that are SignalR's own", () => {
  const seen = new Set(frames.map(({ direction, dialect, frame }) => `${dialect} ${find(messages[dialect][direction], frame)?.key}`));
  const unseen = ["raw", "hub"].flatMap((dialect) =>
    [...messages[dialect].server, ...messages[dialect].client].map(({ key }) => `${dialect} ${key}`).filter((key) => !seen.has(key)),
  );
  const ofTheFramework = ["hub handshakeResponse", "hub ping", "hub handshake", "hub answer", "hub clientPing", "hub clientClose"];
  assert.deepEqual(unseen.toSorted(), ofTheFramework.toSorted());
});

it("every message of the components is in a channel and in an operation", () => {
  const inChannels = new Set(Object.values(contract.channels).flatMap((channel) => Object.values(channel.messages).map(last)));
  assert.deepEqual(Object.keys(contract.components.messages).filter((key) => !inChannels.has(key)), []);
  for (const dialect of ["raw", "hub"]) {
    const used = new Set([...messages[dialect].server, ...messages[dialect].client].map(({ key }) => key));
    assert.deepEqual(Object.keys(contract.channels[dialect].messages).filter((key) => !used.has(key)), []);
  }
});

it("what the gateway sends has no field that the document does not know, and lacks none", () => {
  for (const { name, dialect, frame } of frames.filter(({ direction }) => direction === "server")) {
    const { accepts, key } = find(messages[dialect].server, frame);
    assert.ok(!accepts({ ...frame, surprise: 1 }), `${name}: ${key} takes a field of any name`);
    const withSurprise = structuredClone(frame);
    const payload = withSurprise.payload ?? withSurprise.arguments?.[0] ?? withSurprise.result;
    if (payload && typeof payload === "object" && !Array.isArray(payload) && !["own", "metrics", "question"].includes(key)) {
      payload.surprise = 1;
      assert.ok(!accepts(withSurprise), `${name}: the payload of ${key} takes a field of any name`);
    }
    const { type, ...without } = frame;
    assert.ok(!accepts(without), `${name}: ${key} does without a type`);
  }
});

it("the result of every acknowledged command is described", () => {
  const results = golden.filter((g) => g.direction === "server" && g.raw && g.type === "ack").map((g) => g.payload);
  const commands = messages.hub.client.filter(({ result }) => result);
  for (const result of results) assert.ok(commands.some((command) => command.result(result)), JSON.stringify(result));
  for (const command of commands) assert.ok(results.some((result) => command.result(result)) || ["history", "presence", "ping"].includes(command.message.name.toLowerCase()), command.key);
});

/** The first column of the table below a heading of protocol.md, code spans only. */
function column(heading) {
  const section = protocol.split(new RegExp(`^#+ ${heading}$`, "m"))[1]?.split(/^#+ /m)[0];
  assert.ok(section, `protocol.md has no section ${heading}`);
  return section
    .split("\n")
    .filter((line) => line.startsWith("|") && !line.startsWith("|---"))
    .slice(1)
    .map((line) => line.split("|")[1].trim());
}
const spans = (cell) => [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1]);

it("protocol.md lists the same commands", () => {
  const rows = column("From the client").map((cell) => (cell.startsWith("own types") ? ["own", "Send"] : spans(cell)));
  const names = (dialect) => messages[dialect].client.filter(({ key }) => key.endsWith("Command") && key !== "authCommand").map(({ message }) => message.name);
  assert.deepEqual(names("raw").toSorted(), [...new Set(rows.map(([type]) => type))].toSorted());
  assert.deepEqual(names("hub").toSorted(), [...new Set(rows.map(([, method]) => method))].toSorted());
});

it("protocol.md lists the same error codes", () => {
  assert.deepEqual(contract.components.schemas.Error.properties.code.enum, column("Errors").map(Number));
});

it("protocol.md lists the same system events", () => {
  const { System, ...schemas } = contract.components.schemas;
  const events = System.oneOf.flatMap((reference) => {
    const event = schemas[last(reference)].properties.event;
    return event.enum ?? [event.const];
  });
  assert.deepEqual([...new Set(events)].toSorted(), [...new Set(column("system").flatMap(spans))].toSorted());
});

it("protocol.md lists the same fields of the query", () => {
  assert.deepEqual(Object.keys(contract.components.schemas.Query.properties).toSorted(), column("Connecting").filter((cell) => cell.startsWith("`")).flatMap(spans).toSorted());
});

it("protocol.md lists the same reasons for not recovering", () => {
  assert.deepEqual(contract.components.schemas.Joined.properties.reason.enum, column("Coming back").flatMap(spans));
});

it("every close reason of protocol.md and of the golden files is described", () => {
  const rows = protocol.split(/^## Close codes$/m)[1].split(/^## /m)[0].split("\n").filter((line) => /^\| \d/.test(line));
  const reasons = [...rows.flatMap((row) => spans(row.split("|")[2])), ...golden.filter((g) => g.close?.reason).map((g) => g.close.reason)];
  assert.ok(reasons.length > 10);
  for (const reason of reasons) assert.ok(contract.channels.raw.description.includes(`\`${reason}\``), reason);
});
