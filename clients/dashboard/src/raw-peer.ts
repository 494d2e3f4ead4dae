import { GatewayClient } from "../../js/src/index.js";
import { faultOf, told, gapText, isUnauthorized, resumedText, type ChatMessage, type Member, type Peer, type PeerEvents } from "./peer.js";
import { settings } from "./settings.js";
import { Tap } from "./tap.js";

/** The SDK, over a raw WebSocket. */
export function rawPeer(username: string, token: string | undefined, to: PeerEvents): Peer {
  const tap = new Tap(to.frame);
  let gw: GatewayClient | undefined;
  const client = () => gw ?? raise();

  function start(): void {
    gw = new GatewayClient(settings.raw.href, { username, token, WebSocket: tap.WebSocket, reconnectMaxDelay: 5000 });
    gw.on("chat", (payload) => to.chat(payload as ChatMessage));
    gw.on("system", (system) => told(system, to));
    gw.events.on("state", ({ state, delay, error }) => {
      to.open(state === "open");
      const why = error ? `: ${faultOf(error)}` : "";
      if (state === "open") to.notice({ kind: "state", text: `connected to ${gw?.welcome?.replica ?? "the gateway"} as ${gw?.welcome?.username ?? username}` });
      else if (state === "reconnecting") to.notice({ kind: "state", text: delay === undefined ? `lost${why}; connecting again` : `lost${why}; next attempt in ${(delay / 1000).toFixed(1)} s` });
      else if (state === "closed") to.notice({ kind: "fault", text: `closed${why}` });
      if (state === "closed" && isUnauthorized(error)) to.unauthorized();
      to.changed();
    });
    gw.events.on("resumed", ({ room, recovered, replayed }) => to.notice({ kind: "resumed", text: resumedText(room, recovered, replayed) }));
    gw.events.on("gap", ({ room, from, to: until, reason }) => to.notice({ kind: "gap", text: gapText(room, from, until, reason) }));
    gw.events.on("left", ({ room, error }) => to.notice({ kind: "fault", text: `${room} was left: ${faultOf(error)}` }));
  }

  return {
    get rooms() {
      return gw ? [...gw.rooms] : [];
    },
    start,
    join: (room) => client().join(room),
    leave: (room) => client().leave(room),
    say: (room, text) => client().chat(text, { room }),
    members: async (room) => (await client().request("presence", { room })) as { count: number; members: Member[] },
    position: (room) => gw?.position(room)?.offset,
    async ping() {
      const began = performance.now();
      await client().request("ping", undefined);
      return performance.now() - began;
    },
    drop: () => tap.drop(),
    close: () => void gw?.close(),
  };
}

function raise(): never {
  throw new Error("not started");
}
