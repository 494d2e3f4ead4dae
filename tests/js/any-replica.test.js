// The stock JavaScript client over each of its transports through a balancer that sends every request to the next of three replicas.
import { after, before, describe, it } from "node:test";
import assert from "node:assert/strict";
import { freePort, startGateway, startRedis, until, within } from "./processes.js";
import { startNginx } from "./balancer.js";
import { connectRaw, connectSignalR } from "./clients.js";
import { crowdOf } from "./resuming.js";

const TRANSPORTS = ["webSockets", "serverSentEvents", "longPolling"];
const REPLICAS = 3;
const AT_ONCE = 25;
// The pipeline's time is short; by hand more: GATEWAY_TEST_CONNECTS=1000 npm test
const CONNECTS = Number(process.env.GATEWAY_TEST_CONNECTS ?? 60);
const LONG = 60000 + CONNECTS * 200;

let redis, nginx, ports;
const replicas = [];

const start = (port) =>
  startGateway(`--server:port=${port}`, "--redis:enabled=true", `--redis:connection=${redis.address}`, "--rooms:auto_join=", "--rooms:defaults:announce=false", "--rooms:defaults:history=10000", "--outbox:capacity=4096", "--logging:level=warning");

before(async () => {
  redis = await startRedis();
  ports = await Promise.all(Array.from({ length: REPLICAS }, freePort));
  replicas.push(...(await Promise.all(ports.map(start))));
  nginx = await startNginx(replicas.map((replica) => replica.url));
});

after(async () => {
  await nginx?.stop();
  await Promise.all(replicas.map((replica) => replica.kill()));
  await redis?.stop();
});

/** Runs so many of them at a time. */
async function inTurn(count, run) {
  let next = 0;
  const lane = async () => {
    while (next < count) await run(next++);
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, count) }, lane));
}

describe("through a balancer without affinity", () => {
  for (const transport of TRANSPORTS) {
    it(`${transport}: ${CONNECTS} of ${CONNECTS} connect under their true id and hear one another`, { timeout: LONG }, async (t) => {
      const room = `crowd-${transport}`;
      const clients = [];
      const began = performance.now();
      await inTurn(CONNECTS, async (i) => {
        const client = (clients[i] = await connectSignalR(nginx.url, transport, { query: `?rooms=${room}` }));
        assert.equal(client.connection.connectionId, client.welcome.connection_id);
      });
      t.diagnostic(`${CONNECTS} connects in ${((performance.now() - began) / 1000).toFixed(1)} s`);
      if (CONNECTS >= 30) assert.equal(new Set(clients.map((client) => client.welcome.replica)).size, REPLICAS);
      const raw = await connectRaw(nginx.url, `?rooms=${room}`);
      const speakers = [raw, ...clients.slice(0, 3)];
      for (const speaker of speakers) {
        const { offset } = await speaker.request("chat", { room, content: `from ${speaker.welcome.connection_id}` });
        for (const listener of [raw, ...clients]) {
          const heard = await listener.next("chat");
          assert.deepEqual([heard.content, heard.offset], [`from ${speaker.welcome.connection_id}`, offset]);
        }
      }
      await raw.close();
      await inTurn(CONNECTS, (i) => clients[i].close());
    });
  }

  it("raw clients and stock clients of every transport hear one another", async () => {
    const clients = [await connectRaw(nginx.url, "?rooms=mixed"), ...(await Promise.all(TRANSPORTS.flatMap((transport) => [0, 1].map(() => connectSignalR(nginx.url, transport, { query: "?rooms=mixed" })))))];
    for (const speaker of clients) {
      await speaker.request("chat", { room: "mixed", content: `from ${speaker.kind}` });
      for (const listener of clients) assert.equal((await listener.next("chat")).content, `from ${speaker.kind}`);
    }
    await assert.rejects(clients.at(-1).request("chat", { room: "elsewhere", content: "?" }), /403: not in room elsewhere/);
    for (const client of clients) await client.close();
  });

  it("replicas die one after the other: every client is back within 10 s and misses nothing", { timeout: 90000 }, async (t) => {
    const crowd = await crowdOf(nginx.url, "resumed", [...TRANSPORTS, ...TRANSPORTS, "raw", "raw"]);
    t.after(() => crowd.close());
    for (let i = 0; i < REPLICAS; i++) {
      await crowd.untilAcknowledged(40);
      const killed = performance.now();
      await replicas[i].kill();
      await until(() => crowd.areBackSince(killed), () => `every client is back: ${crowd.describe()}`, 10000);
      t.diagnostic(`replica ${i + 1} killed: ${crowd.lost(killed)} clients lost, all back after ${((performance.now() - killed) / 1000).toFixed(1)} s`);
      replicas[i] = await start(ports[i]);
      await crowd.untilAcknowledged(40);
    }
    const { acknowledged, missing, repeated } = await within(crowd.judge(), () => `everyone to have the last message: ${crowd.describe()}`, 30000);
    t.diagnostic(`${acknowledged} messages acknowledged, ${missing.length} missing, ${repeated} repeated`);
    assert.deepEqual(missing, []);
    assert.ok(crowd.reconnects() > 0);
  });
});
