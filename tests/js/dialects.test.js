// The stock JavaScript client over each of its transports and a raw WebSocket, on one replica and on two: one chat.
import { after, before, describe, it } from "node:test";
import assert from "node:assert/strict";
import { startGateway, startRedis } from "./processes.js";
import { connectRaw, connectSignalR, TRANSPORTS } from "./clients.js";

let redis, a, b;

before(async () => {
  redis = await startRedis();
  const args = ["--redis:enabled=true", `--redis:connection=${redis.address}`, "--metrics_stream:interval_ms=200"];
  [a, b] = await Promise.all([startGateway(...args), startGateway(...args)]);
});

after(async () => {
  await Promise.all([a?.kill(), b?.kill()]);
  await redis?.stop();
});

for (const transport of Object.keys(TRANSPORTS)) {
  for (const where of ["same replica", "other replica"]) {
    describe(`${transport}, raw client on the ${where}`, () => {
      let hub, raw, room;

      before(async () => {
        room = `room-${transport}-${where.replace(" ", "-")}`;
        hub = await connectSignalR(a.url, transport);
        raw = await connectRaw((where === "same replica" ? a : b).url);
        await hub.request("join", { room });
        await raw.request("join", { room });
      });

      after(async () => {
        await hub?.close();
        await raw?.close();
      });

      // Without negotiation the stock client is not told its id at all.
      const negotiated = !TRANSPORTS[transport].skipNegotiation;
      it("the connection id is true", () => assert.equal(hub.connection.connectionId, negotiated ? hub.welcome.connection_id : null));

      it("chat goes both ways, equal in both", async () => {
        for (const [from, to] of [[hub, raw], [raw, hub]]) {
          const result = await from.request("chat", { room, content: `grüße 🎈 from ${from.kind}` });
          const received = await to.next("chat");
          assert.equal(received.content, `grüße 🎈 from ${from.kind}`);
          assert.equal(received.offset, result.offset);
          assert.deepEqual(await from.next("chat"), received);
        }
      });

      it("direct messages reach the user", async () => {
        for (const [from, to] of [[hub, raw], [raw, hub]]) {
          await from.request("direct", { to: to.welcome.user_id, content: "psst" });
          const received = await to.next("direct");
          assert.deepEqual([received.user_id, received.content], [from.welcome.user_id, "psst"]);
        }
      });

      it("the metrics stream reaches both", async () => {
        for (const client of [hub, raw]) await client.request("join", { room: "metrics" });
        const figures = await hub.next("metrics");
        assert.ok(figures.uptime_seconds > 0);
        assert.deepEqual(await raw.next("metrics", (m) => m.replica === figures.replica && m.uptime_seconds >= figures.uptime_seconds).then((m) => m.replica), figures.replica);
      });

      it("joins and leaves are told to the others", async () => {
        const newcomer = await connectRaw(b.url, `?rooms=${room}&username=Zoe`);
        const seen = await hub.next("system", (s) => s.username === "Zoe");
        assert.deepEqual([seen.event, seen.room], ["join", room]);
        assert.deepEqual(await raw.next("system", (s) => s.username === "Zoe"), seen);
        await newcomer.close();
        assert.equal((await hub.next("system", (s) => s.username === "Zoe")).event, "leave");
      });

      it("a join through either dialect is told to those who are there", async () => {
        const shared = `${room}-shared`;
        for (const [first, second] of [[hub, raw], [raw, hub]]) {
          await first.request("join", { room: shared });
          await second.request("join", { room: shared });
          const told = await first.next("system", (s) => s.room === shared);
          const { user_id, username } = second.welcome;
          assert.deepEqual(told, { event: "join", room: shared, user_id, username });
          await second.request("leave", { room: shared });
          await first.next("system", (s) => s.room === shared && s.event === "leave");
          await first.request("leave", { room: shared });
        }
      });

      it("the result of a chat is an object", async () => {
        for (const from of [hub, raw]) {
          const result = await from.request("chat", { room, content: "an object" });
          assert.equal(Object.getPrototypeOf(result), Object.prototype);
        }
      });

      it("errors say what was wrong", async () => {
        await assert.rejects(hub.request("chat", { content: 5 }), /HubException: 400: content must be a string$/);
        await assert.rejects(raw.request("chat", { content: 5 }), /^Error: 400: content must be a string$/);
        await assert.rejects(hub.request("shout", {}), /400: unknown message type: shout$/);
      });
    });
  }
}
