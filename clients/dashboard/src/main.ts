import "./style.css";
import { GatewayClient } from "../../js/src/index.js";
import { admin } from "./admin.js";
import { charts } from "./charts.js";
import { byId } from "./dom.js";
import { History, type Figures } from "./figures.js";
import { hubPeer } from "./hub-peer.js";
import { Pane } from "./pane.js";
import type { Peer } from "./peer.js";
import { rawPeer } from "./raw-peer.js";
import { Rooms } from "./rooms.js";
import { settings } from "./settings.js";
import { themeSwitch } from "./theme.js";

const TICK_MS = 1000;

const signIn = byId<HTMLFormElement>("sign-in");
const changed = () => rooms.refresh();
const unauthorized = () => (signIn.hidden = false);
const raw = new Pane({ id: "raw", title: "Raw WebSocket", made: "JSON envelopes", changed, unauthorized });
const hub = new Pane({ id: "signalr", title: "SignalR", made: "stock @microsoft/signalr", changed, unauthorized });
byId("panes").append(raw.section, hub.section);

const peers = (): Peer[] => [raw.peer, hub.peer].filter((peer) => peer !== undefined);
const rooms = new Rooms(peers, (room) => {
  raw.show(room);
  hub.show(room);
});

const history = new History();
const drawn = charts(byId("charts"), history);
const stream = byId("stream");
let metrics: GatewayClient | undefined;

/** A connection of its own, so that the other two can be dropped and the charts go on. */
function watch(token: string | undefined): void {
  void metrics?.close();
  metrics = new GatewayClient(settings.raw.href, { username: "dashboard", token, reconnectMaxDelay: 5000 });
  metrics.on("metrics", (payload) => history.hear(payload as unknown as Figures));
  metrics.join("metrics").catch((fault: Error) => (stream.textContent = `no metrics: ${fault.message}`));
}

function connect(token?: string): void {
  const name = settings.username ?? "guest";
  raw.attach(rawPeer(`${name} (raw)`, token, raw.events));
  hub.attach(hubPeer(`${name} (SignalR)`, token, hub.events));
  for (const peer of peers()) peer.join("lobby").catch(() => {}); // the pane tells why
  watch(token);
}

const timed = async (peer: Peer | undefined): Promise<number | undefined> => {
  const late = new Promise<undefined>((resolve) => setTimeout(resolve, TICK_MS * 0.9));
  return Promise.race([peer?.ping().catch(() => undefined), late]);
};

async function tick(): Promise<void> {
  if (document.hidden) return;
  const isOpen = ({ section }: Pane) => section.dataset.open === "true";
  const [rawMs, hubMs] = await Promise.all([raw, hub].map((pane) => (isOpen(pane) ? timed(pane.peer) : undefined)));
  history.tick({ raw: rawMs, signalr: hubMs });
  drawn.draw();
  const figures = [...(history.latest?.replicas.values() ?? [])];
  const total = figures.reduce((sum, { connections }) => sum + connections.total, 0);
  if (figures.length > 0) stream.textContent = `${figures.length === 1 ? "1 replica" : `${figures.length} replicas`} · ${total === 1 ? "1 connection" : `${total} connections`}`;
  else if (metrics?.state !== "open") stream.textContent = "not connected";
  stream.dataset.live = String(figures.length > 0);
}

signIn.addEventListener("submit", (event) => {
  event.preventDefault();
  const token = byId<HTMLInputElement>("sign-in-token").value.trim();
  signIn.hidden = true;
  connect(token);
});
themeSwitch(byId<HTMLButtonElement>("theme"), () => drawn.recolour());
admin(() => rooms.room);
connect();
setInterval(() => void tick(), TICK_MS);
