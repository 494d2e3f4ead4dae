// Compiled, not run: the types say what the protocol says, and applications add their own. The package is named as they name it, so it has to be built.
import { GatewayClient } from "@gateway/client";
import { withGatewayResume } from "@gateway/client/signalr";
import type { HubConnection } from "@microsoft/signalr";

declare module "@gateway/client" {
  interface Messages {
    typing: { user: string };
  }
  interface Sends {
    typing: { user: string };
  }
  interface SystemEvents {
    renamed: { name: string };
  }
  interface Requests {
    whoami: { payload: { verbose: boolean }; answer: { name: string } };
  }
}

export async function ofTheRawClient(gw: GatewayClient): Promise<void> {
  gw.on("chat", (p) => p.content.trim());
  gw.on("typing", (p) => p.user.trim());
  gw.on("undeclared", (p) => {
    // @ts-expect-error the payload of an undeclared type is unknown
    p.user;
  });
  // @ts-expect-error a chat has no such field
  gw.on("chat", (p) => p.contents);
  gw.on("system", (p) => {
    if (p.event === "join") p.username.trim();
    if (p.event === "gap") p.missed?.toFixed();
    if (p.event === "renamed") p.name.trim();
    if (p.event === "muted") p.until?.trim();
    // @ts-expect-error not every event has one
    p.username;
  });
  gw.events.on("state", ({ state }) => state === "reconnecting");
  // @ts-expect-error there is no such event
  gw.events.on("opened", () => {});

  await gw.send("typing", { user: "Ann" });
  await gw.send("undeclared", 7);
  // @ts-expect-error content is missing
  await gw.send("chat", { room: "lobby" });
  (await gw.request("history", { room: "lobby", limit: 10 })).messages.at(0)?.offset.toFixed();
  (await gw.request("whoami", { verbose: true })).name.trim();
  // @ts-expect-error limit is a number
  await gw.request("history", { limit: "10" });

  for await (const message of gw) {
    if (message.type === "typing") message.payload.user.trim();
    if (message.type === "chat") message.payload.offset?.toFixed();
  }
}

export async function ofTheCompanion(connection: HubConnection): Promise<void> {
  const gw = withGatewayResume(connection, { maxQueued: 10 });
  gw.on("typing", (p) => p.user.trim());
  gw.events.on("gap", ({ from, to }) => (to ?? 0) - (from ?? 0));
  // @ts-expect-error state is the stock connection's business
  gw.events.on("state", () => {});
  (await gw.join("lobby")).offset?.toFixed();
}
