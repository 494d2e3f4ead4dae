// The application's own hubs behind a balancer that sends every request to the next replica, and what is negotiated on the way.
import { after, before, describe, it } from "node:test";
import assert from "node:assert/strict";
import * as signalR from "@microsoft/signalr";
import { startNginx } from "../balancer.js";
import { connect, drain, NEGOTIATED } from "./listener.js";
import { STATES } from "./servers.js";
import { until } from "../processes.js";

const EACH = 6;

describe("two replicas of an application behind a balancer without affinity", () => {
  let servers, nginx;

  before(async () => {
    servers = await STATES["on two replicas of the gateway"]();
    nginx = await startNginx([servers.a, servers.b]);
  });

  after(async () => {
    await nginx?.stop();
    await servers?.stop();
  });

  for (const transport of NEGOTIATED) {
    it(`${transport}: clients connect under their ids, with their users, and hear one another`, async () => {
      const answers = { Ask: async (question) => ({ text: `${question}? yes` }) };
      const clients = await Promise.all(
        Array.from({ length: EACH }, (_, i) => connect(nginx.url, "rooms", transport, { token: `${transport}-${i}`, answers })));
      const group = `group ${transport}`;
      for (const client of clients) await client.call("Enter", group);
      for (const [i, client] of clients.entries()) {
        await client.call("Say", "Group", [group], `group ${i}`);
        await client.call("Say", "User", [`user ${transport}-${(i + 1) % EACH}`], `user ${i}`);
        await client.call("Say", "Client", [clients[(i + 2) % EACH].id], `client ${i}`);
        assert.deepEqual(await client.call("Ask", clients[(i + 3) % EACH].id, "there"), { text: "there? yes", given_after: 0 });
      }
      for (const [i, client] of clients.entries()) {
        const texts = () => client.all.filter((m) => m.type === "Heard").map((m) => m.payload[0].text);
        const before = (distance) => (i + EACH - distance) % EACH;
        const expected = [`user ${before(1)}`, `client ${before(2)}`, ...clients.map((_, n) => `group ${n}`)];
        await until(() => expected.every((text) => texts().includes(text)), () => `client ${i} has heard ${expected}; so far: ${texts()}`);
        assert.equal(texts().length, expected.length + 1); // and the welcome
      }
      await Promise.all(clients.map((client) => client.close()));
    });

    it(`${transport}: calls, streams and the connection's items work`, async () => {
      const ada = await connect(nginx.url, "calls", transport, { token: "ada", query: "?shop=corner" });
      assert.equal(await ada.call("Id"), ada.id);
      assert.equal(await ada.call("Who"), "user ada, Sample");
      await ada.call("Remember", "colour", "blue");
      assert.equal(await ada.call("Recall", "colour"), "blue");
      assert.equal((await ada.call("Request")).query, "corner");
      assert.deepEqual((await drain(ada.connection.stream("Count", 100))).items.length, 100);
      const numbers = new signalR.Subject();
      const sum = ada.call("Sum", numbers);
      for (const number of [1, 2, 3]) numbers.next(number);
      numbers.complete();
      assert.equal(await sum, 6);
      await ada.close();
    });
  }

  it("a client that asks for stateful reconnect does not get it, and connects", async () => {
    const asked = await fetch(`${nginx.url}/calls/negotiate?negotiateVersion=1&useStatefulReconnect=true`, { method: "POST" });
    const negotiated = await asked.json();
    assert.ok(!negotiated.useStatefulReconnect, JSON.stringify(negotiated));
    assert.ok(negotiated.connectionToken);
    const connection = new signalR.HubConnectionBuilder()
      .withUrl(`${nginx.url}/calls`).withStatefulReconnect().configureLogging(signalR.LogLevel.None).build();
    await connection.start();
    assert.equal(await connection.invoke("Add", 2, 3), 5);
    await connection.stop();
  });
});
