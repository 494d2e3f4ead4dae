// One application with hubs of its own, in the states in which the tests see it. What holds for the first has to hold for the others.
import { after, before, describe } from "node:test";
import assert from "node:assert/strict";
import { startRedis, startSampleHubs } from "../processes.js";

async function one(...args) {
  const server = await startSampleHubs(...args);
  return { a: server.url, b: server.url, stop: server.kill, shutDown: server.stop };
}

async function two() {
  const redis = await startRedis();
  const [a, b] = await Promise.all([startSampleHubs("--redis", redis.address), startSampleHubs("--redis", redis.address)]);
  const stop = async () => {
    await Promise.all([a.kill(), b.kill()]);
    await redis.stop();
  };
  return { a: a.url, b: b.url, stop, shutDown: a.stop };
}

export const STATES = {
  "stock SignalR": () => one(),
  "on the gateway": () => one("--gateway"),
  "on two replicas of the gateway": two,
};

/** @param tests Gets the servers, two addresses `a` and `b` that may be the same, filled in before the first test. */
export function inEachState(tests) {
  const reference = new Map();
  /** What comes first is the reference; what comes later under the same name has to be equal to it. */
  const same = (name, value) => {
    if (!reference.has(name)) reference.set(name, value);
    assert.deepEqual(value, reference.get(name), `${name} differs from stock SignalR`);
  };
  for (const [name, start] of Object.entries(STATES)) {
    describe(name, () => {
      const servers = {};
      before(async () => Object.assign(servers, await start()));
      after(() => servers.stop?.());
      tests(servers, same);
    });
  }
}

/** A request to the application's own endpoints: text, and whether it succeeded. */
export async function post(url, path, query = {}) {
  const response = await fetch(`${url}/server/${path}?${new URLSearchParams(query)}`, { method: "POST", signal: AbortSignal.timeout(15000) });
  return { ok: response.ok, text: await response.text() };
}

export async function journal(url) {
  const response = await fetch(`${url}/server/journal`, { signal: AbortSignal.timeout(15000) });
  return response.json();
}
