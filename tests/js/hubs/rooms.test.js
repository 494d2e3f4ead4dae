// Who hears what of a typed hub, over each transport of the stock JavaScript client: with stock SignalR, and the same on the gateway.
import { after, before, describe, it } from "node:test";
import assert from "node:assert/strict";
import { connect, NEGOTIATED } from "./listener.js";
import { inEachState, journal, post } from "./servers.js";
import { until } from "../processes.js";

const ask = { Ask: async (question) => ({ text: `${question}? yes`, given_after: 3 }) };

inEachState((servers) => {
  for (const transport of NEGOTIATED) {
    describe(transport, () => {
      let ada, adaToo, bob, eve, everybody;
      const group = (name) => `${name} over ${transport}`;
      const texts = (listener) => listener.all.filter((m) => m.type === "Heard").map((m) => m.payload[0].text);

      before(async () => {
        ada = await connect(servers.a, "rooms", transport, { token: "ada", answers: ask });
        adaToo = await connect(servers.b, "rooms", transport, { token: "ada" });
        bob = await connect(servers.b, "rooms", transport, { token: "bob", answers: ask });
        eve = await connect(servers.b, "rooms", transport, { answers: { Ask: () => { throw new Error("I will not tell"); } } });
        everybody = { ada, adaToo, bob, eve };
        await Promise.all([ada.call("Enter", group("first")), bob.call("Enter", group("first"))]);
        await Promise.all([bob.call("Enter", group("second")), eve.call("Enter", group("second"))]);
      });

      after(() => Promise.all(Object.values(everybody ?? {}).map((listener) => listener?.close())));

      it("OnConnectedAsync greets the caller first and announces it to the others", async () => {
        assert.deepEqual(ada.all[0], { type: "Heard", payload: [{ said_by: "hub", text: "welcome, user ada", mood_of_speaker: "calm" }] });
        assert.deepEqual(await ada.next("Arrived", ([name]) => name === "user bob"), ["user bob"]);
        assert.deepEqual(await bob.next("Arrived", ([name]) => name === "somebody"), ["somebody"]);
        assert.ok(!eve.all.some((m) => m.type === "Arrived" && m.payload[0] === "somebody"), "somebody heard of themselves");
      });

      it("each audience hears, and nobody else", async () => {
        const cases = {
          All: [[], "ada adaToo bob eve"],
          AllExcept: [[bob.id, "nobody"], "ada adaToo eve"],
          Caller: [[], "ada"],
          Others: [[], "adaToo bob eve"],
          Client: [[bob.id], "bob"],
          Clients: [[bob.id, "nobody", eve.id], "bob eve"],
          Group: [[group("first")], "ada bob"],
          Groups: [[group("first"), group("second")], "ada bob bob eve"],
          GroupExcept: [[group("first"), ada.id], "bob"],
          OthersInGroup: [[group("first")], "bob"],
          User: [["user ada"], "ada adaToo"],
          Users: [["user ada", "nobody", "user bob"], "ada adaToo bob"],
        };
        const expected = Object.fromEntries(Object.keys(everybody).map((name) => [name, []]));
        for (const [audience, [names, receivers]] of Object.entries(cases)) {
          await ada.call("Say", audience, names, `to ${audience}`);
          for (const name of receivers.split(" ")) expected[name].push(`to ${audience}`);
        }
        const arrived = (name) => texts(everybody[name]).filter((text) => text.startsWith("to ")).sort();
        for (const name of Object.keys(everybody)) {
          await until(() => arrived(name).length >= expected[name].length, () => `${name} has heard ${expected[name]}; so far: ${arrived(name)}`);
        }
        await ada.call("Say", "All", [], "the end of the cases");
        await Promise.all(Object.values(everybody).map((l) => l.next("Heard", ([said]) => said.text === "the end of the cases")));
        for (const name of Object.keys(everybody)) assert.deepEqual(arrived(name), expected[name].sort(), name);
      });

      it("several arguments, none, and null arrive as they are", async () => {
        await ada.call("Move", "Client", [bob.id], 1, -2, "12.50 EUR");
        await ada.call("Move", "Client", [bob.id], 3, 4, null);
        await ada.call("Nod", "Client", [bob.id]);
        assert.deepEqual(await bob.next("Moved"), [1, -2, "12.50 EUR"]);
        assert.deepEqual(await bob.next("Moved"), [3, 4, null]);
        assert.deepEqual(await bob.next("Nothing"), []);
      });

      it("the application's own JSON holds: names, converters, enums, what is left out", async () => {
        const said = { said_by: "ada", text: "grüße <🎈> & \"more\"", mood_of_speaker: "very_happy", asked_for: "3.00 USD", said_at: "2026-11-21T10:00:00+00:00" };
        await ada.call("Repeat", said);
        assert.deepEqual(await ada.next("Heard", ([s]) => s.text === said.text), [said]);
        await ada.call("Repeat", { said_by: "ada", text: "short" });
        assert.deepEqual(await ada.next("Heard", ([s]) => s.text === "short"), [{ said_by: "ada", text: "short", mood_of_speaker: "calm" }]);
      });

      it("any name is a group, and whoever leaves it hears no more", async () => {
        for (const name of ["a b", " ", "*", "}x", "日本 😀", "n".repeat(2000)].map(group)) {
          await bob.call("Enter", name);
          await bob.call("Enter", name);
          await ada.call("Say", "Group", [name], `1 ${name}`);
          await bob.next("Heard", ([s]) => s.text === `1 ${name}`);
          await bob.call("Leave", name);
          await ada.call("Say", "Group", [name], `2 ${name}`);
          await bob.call("Enter", name);
          await ada.call("Say", "Group", [name], `3 ${name}`);
          await bob.next("Heard", ([s]) => s.text === `3 ${name}`);
          assert.deepEqual(texts(bob).filter((text) => text.endsWith(` ${name}`)), [`1 ${name}`, `3 ${name}`]);
        }
      });

      it("a client is put into a group and out of it by others", async () => {
        const name = group("by others");
        await ada.call("EnterFor", bob.id, name);
        await ada.call("Say", "Group", [name], `in ${name}`);
        await bob.next("Heard", ([s]) => s.text === `in ${name}`);
        await ada.call("LeaveFor", bob.id, name);
        await ada.call("Say", "Group", [name], `out of ${name}`);
        await post(servers.a, "enter", { id: bob.id, name });
        await ada.call("Say", "Group", [name], `again ${name}`);
        await bob.next("Heard", ([s]) => s.text === `again ${name}`);
        assert.deepEqual(texts(bob).filter((text) => text.endsWith(name)), [`in ${name}`, `again ${name}`]);
        await post(servers.a, "leave", { id: bob.id, name });
      });

      it("an endpoint of the application reaches all, a group, a user and a connection", async () => {
        for (const url of new Set([servers.a, servers.b])) {
          const at = `${transport} ${url}`;
          await post(url, "all", { text: `all ${at}` });
          await post(url, "group", { name: group("second"), text: `group ${at}` });
          await post(url, "user", { name: "user ada", text: `user ${at}` });
          await post(url, "connection", { id: eve.id, text: `one ${at}` });
          const expected = { ada: ["all", "user"], adaToo: ["all", "user"], bob: ["all", "group"], eve: ["all", "group", "one"] };
          for (const [name, kinds] of Object.entries(expected)) {
            const has = () => texts(everybody[name]).filter((text) => text.endsWith(at)).sort();
            await until(() => has().length === kinds.length, () => `${name} has heard ${kinds}; so far: ${has()}`);
            assert.deepEqual(has(), kinds.map((kind) => `${kind} ${at}`));
          }
        }
      });

      it("clients are asked by the hub and by an endpoint, on whichever server they are", async () => {
        assert.deepEqual(await ada.call("Ask", bob.id, "tea"), { text: "tea? yes", given_after: 3 });
        assert.deepEqual(await bob.call("Ask", ada.id, "tea"), { text: "tea? yes", given_after: 3 });
        assert.deepEqual(await ada.call("AskEach", [ada.id, bob.id, bob.id], "milk"), ["milk? yes", "milk? yes", "milk? yes"]);
        for (const url of new Set([servers.a, servers.b])) {
          assert.deepEqual(await post(url, "ask", { id: ada.id, question: "sugar" }), { ok: true, text: "sugar? yes" });
          assert.deepEqual(await post(url, "ask", { id: eve.id, question: "why" }), { ok: false, text: "HubException: Error: I will not tell" });
          assert.deepEqual(await post(url, "ask", { id: "nobody", question: "who" }), { ok: false, text: "IOException: Connection 'nobody' does not exist." });
          assert.deepEqual(await post(url, "ask", { id: adaToo.id, question: "what" }), { ok: false, text: "HubException: Client didn't provide a result." });
        }
      });

      it("OnDisconnectedAsync tells the others", async () => {
        const guest = await connect(servers.b, "rooms", transport, { token: `guest-${transport}` });
        await guest.call("Enter", group("first"));
        await guest.close();
        assert.deepEqual(await ada.next("Left"), [`user guest-${transport}`, null]);
        assert.ok((await journal(servers.b)).includes(`user guest-${transport} left the rooms: no fault`));
        await ada.call("Say", "Group", [group("first")], "after the guest"); // a group goes on without those who left
        await bob.next("Heard", ([s]) => s.text === "after the guest");
      });

      it("other hubs of the application hear nothing of it", async () => {
        const stranger = await connect(servers.a, "strict", transport, { token: "ada" });
        await ada.call("Say", "All", [], "for the rooms");
        await ada.call("Say", "User", ["user ada"], "for ada");
        await ada.next("Heard", ([s]) => s.text === "for ada");
        await stranger.call("Say", "for the strict");
        await stranger.next("Announced", ([, text]) => text === "for the strict");
        assert.ok(stranger.all.every((m) => m.type === "Announced"));
        assert.ok(ada.all.every((m) => m.type !== "Announced"));
        await stranger.close();
      });
    });
  }
});
