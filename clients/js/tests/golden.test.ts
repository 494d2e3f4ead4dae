// The golden files as the SDK reads and writes them: every frame of the gateway, and every command.
import { readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { Calls } from "../src/calls.js";
import { errorOf, isForGood } from "../src/ending.js";
import { read, write } from "../src/envelope.js";
import { Inbound } from "../src/inbound.js";
import { GatewayError } from "../src/index.js";
import { Rooms } from "../src/rooms.js";
import { hubError } from "../src/signalr/hub-link.js";

interface Golden {
  name: string;
  direction: "server" | "client";
  type: string;
  payload: any;
  id?: string | number;
  raw: string | null;
  signalr: string | null;
  close?: { code: number; reason: string };
}

const folder = new URL("../../../tests/wire/", import.meta.url);
const golden = readdirSync(folder)
  .filter((name) => name.endsWith(".json"))
  .map((name) => JSON.parse(readFileSync(new URL(name, folder), "utf8")) as Golden);
const server = golden.filter((g) => g.direction === "server" && g.raw !== null);
const client = golden.filter((g) => g.direction === "client" && g.raw !== null);

it("there are files of both directions", () => {
  expect(server.length).toBeGreaterThan(20);
  expect(client.length).toBeGreaterThan(5);
});

it.each(server)("$name: the frame is read as the message", ({ raw, type, payload, id }) => {
  expect(read(raw!)).toEqual({ type, payload, id });
});

it.each(client)("$name: the command is written as the frame", ({ raw, type, payload, id }) => {
  expect(write(type, payload ?? undefined, id)).toBe(raw);
});

it.each(server.filter((g) => g.type === "ack" || g.type === "error"))("$name: settles the call that it answers, and no other", async ({ raw, type, payload }) => {
  const calls = new Calls();
  let id = 0;
  const answer = calls.ask((given) => (id = given)).catch((fault: unknown) => fault);
  const envelope = { ...read(raw!)!, id };
  expect(calls.take({ ...envelope, id: id + 1 })).toBe(false);
  expect(calls.take({ ...envelope, id: undefined })).toBe(false);
  expect(calls.take(envelope)).toBe(true);
  expect(calls.take(envelope)).toBe(false);
  if (type === "ack") expect(await answer).toEqual(payload);
  else expect(await answer).toMatchObject({ code: payload.code, message: payload.message, retryAfterMs: payload.retry_after_ms });
});

it.each(server.filter((g) => g.type !== "ack" && g.type !== "error" && g.type !== "welcome"))("$name: is passed on as it is", ({ raw, type, payload }) => {
  const heard: unknown[] = [];
  const rooms = new Rooms({ message: (message) => heard.push(message), event: () => {} }, 1000, () => {});
  rooms.receive(read(raw!)!);
  expect(heard).toEqual([expect.objectContaining({ type, payload })]);
});

it.each(server.filter((g) => g.type !== "ack"))("$name: is found to be what the protocol says", ({ type, payload }) => {
  const inbound = new Inbound();
  if (type !== "welcome") inbound.check(server.find((g) => g.type === "welcome")!);
  expect(inbound.check({ type, payload })).toBeUndefined();
});

it.each(golden.filter((g) => g.type === "error" && g.signalr !== null))("$name: a hub's exception is the same error", ({ signalr, payload }) => {
  const fault = hubError(new Error((JSON.parse(signalr!) as { error: string }).error));
  expect(fault).toBeInstanceOf(GatewayError);
  expect(fault).toMatchObject({ code: payload.code, message: payload.message, retryAfterMs: payload.retry_after_ms });
});

it.each(golden.filter((g) => g.close))("$name: says whether to come back", ({ close, signalr }) => {
  const comesBack = !isForGood({ kind: "closed", ...close! }, false);
  const { code, reason } = close!;
  expect(errorOf({ kind: "closed", code, reason }).code).toBe(code);
  // The framework's own record has no word for these two: a raw client that was closed normally, or for one big message, may come back.
  if (code === 1000 || code === 1009) expect(comesBack).toBe(true);
  else expect(comesBack).toBe((JSON.parse(signalr!) as { allowReconnect?: boolean }).allowReconnect ?? false);
});

it.each(["", "null", "[]", "7", '"text"', "{}", '{"type":7}', "{", "\u0000"])("what is no envelope is passed over: %j", (text) => {
  expect(read(text)).toBeUndefined();
});
