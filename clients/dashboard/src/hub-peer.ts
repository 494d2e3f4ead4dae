import { HttpTransportType, HubConnectionBuilder, LogLevel } from "@microsoft/signalr";
import { gatewayRetryPolicy, withGatewayResume } from "../../js/src/signalr/index.js";
import { faultOf, told, gapText, isUnauthorized, resumedText, type ChatMessage, type Member, type Peer, type PeerEvents } from "./peer.js";
import { settings } from "./settings.js";
import { Tap } from "./tap.js";

const FIRST_ATTEMPTS_EVERY = 2000;

/** The stock SignalR client, with the SDK's companion for resuming. */
export function hubPeer(username: string, token: string | undefined, to: PeerEvents): Peer {
  // A record of SignalR's ends with U+001E.
  const tap = new Tap(({ direction, text }) => text.split("\u001e").filter(Boolean).forEach((record) => to.frame({ direction, text: record })));
  const address = new URL(settings.hub);
  address.searchParams.set("rooms", "");
  address.searchParams.set("username", username);
  // The stock client takes a class for its WebSockets, but its types do not say so.
  const options = { transport: HttpTransportType.WebSockets, skipNegotiation: true, WebSocket: tap.WebSocket, ...(token ? { accessTokenFactory: () => token } : {}) };
  const connection = new HubConnectionBuilder()
    .withUrl(address.href, options)
    .withAutomaticReconnect(gatewayRetryPolicy({ reconnectMaxDelay: 5000 }))
    .configureLogging(LogLevel.None)
    .build();
  const gw = withGatewayResume(connection);
  let isClosed = false;

  const opened = () => {
    to.open(true);
    to.changed();
  };
  gw.on("welcome", ({ replica, username: name }) => to.notice({ kind: "state", text: `connected to ${replica} as ${name}` }));
  connection.onreconnecting((fault) => {
    to.open(false);
    to.notice({ kind: "state", text: `lost${fault ? `: ${faultOf(fault)}` : ""}; connecting again` });
  });
  connection.onreconnected(opened);
  connection.onclose((fault) => {
    to.open(false);
    to.notice({ kind: "fault", text: `closed${fault ? `: ${faultOf(fault)}` : ""}` });
    if (isUnauthorized(fault)) to.unauthorized();
  });
  gw.on("chat", (payload) => to.chat(payload as ChatMessage));
  gw.on("system", (system) => told(system, to));
  gw.events.on("resumed", ({ room, recovered, replayed }) => to.notice({ kind: "resumed", text: resumedText(room, recovered, replayed) }));
  gw.events.on("gap", ({ room, from, to: until, reason }) => to.notice({ kind: "gap", text: gapText(room, from, until, reason) }));
  gw.events.on("left", ({ room, error }) => to.notice({ kind: "fault", text: `${room} was left: ${faultOf(error)}` }));

  /** Stock automatic reconnect begins after the first connect; the first one is ours to repeat. */
  async function start(): Promise<void> {
    while (!isClosed) {
      try {
        await gw.start();
        return opened();
      } catch (fault) {
        to.open(false);
        if (isUnauthorized(fault)) return to.unauthorized();
        to.notice({ kind: "fault", text: `not connected: ${faultOf(fault)}` });
        await new Promise((resolve) => setTimeout(resolve, FIRST_ATTEMPTS_EVERY));
      }
    }
  }

  return {
    get rooms() {
      return [...gw.rooms];
    },
    start: () => void start(),
    join: (room) => gw.join(room),
    leave: (room) => gw.leave(room),
    say: (room, text) => gw.chat(text, { room }),
    members: async (room) => (await gw.request("presence", { room })) as { count: number; members: Member[] },
    position: (room) => gw.position(room)?.offset,
    async ping() {
      const began = performance.now();
      await connection.invoke("Ping");
      return performance.now() - began;
    },
    drop: () => tap.drop(),
    close() {
      isClosed = true;
      void gw.stop();
    },
  };
}
