// What a stock client with automatic reconnect sees of a gateway that is restarted.
import { it } from "node:test";
import assert from "node:assert/strict";
import { freePort, startGateway, until, within } from "./processes.js";
import { connectRaw, connectSignalR, TRANSPORTS } from "./clients.js";

for (const transport of Object.keys(TRANSPORTS)) {
  it(`${transport}: told of the shutdown, the client reconnects by itself when the gateway is back`, async () => {
    const port = await freePort();
    const first = await startGateway(`--server:port=${port}`);
    const client = await connectSignalR(first.url, transport, { reconnectDelays: Array(200).fill(50) });
    const reconnected = new Promise((resolve) => client.connection.onreconnected(resolve));
    assert.equal(await first.stop(), 0);
    assert.equal((await client.next("system")).event, "shutdown");

    const second = await startGateway(`--server:port=${port}`);
    try {
      await within(reconnected, "the client to reconnect", 30000);
      await until(() => client.all.filter((m) => m.type === "welcome").length === 2, "there is a second welcome");
      await client.request("chat", { content: "back" });
      assert.equal((await client.next("chat")).content, "back");
    } finally {
      await client.close();
      await second.kill();
    }
  });
}

it("raw: the close frame says why", async () => {
  const gateway = await startGateway();
  const client = await connectRaw(gateway.url);
  const exit = gateway.stop();
  assert.deepEqual(await within(client.closed, "the close"), { code: 1001, reason: "shutting down" });
  assert.equal(await exit, 0);
});
