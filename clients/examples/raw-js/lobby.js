// The raw dialect needs nothing but a WebSocket. A browser has one; in Node it is the class of the package ws (see main.js).

const METRICS_EVERY = 10; // one metrics message in so many is shown

/**
 * Connects to the gateway, into the rooms of the address: lobby for the chat, metrics for the figures.
 * @param {typeof WebSocket} WebSocket the class to connect with
 * @param {string} url such as ws://localhost:8080/ws?rooms=lobby,metrics
 * @param {(line: string) => void} show called with each line of text to show
 * @param {() => void} opened called when the connection stands
 * @param {(reason: string, well: boolean) => void} ended called once: why the connection is over, and whether that is well
 */
export function enterLobby(WebSocket, url, show, opened, ended) {
  const socket = new WebSocket(url);
  let stands = false;
  let fault = '';
  let metrics = 0;

  const handlers = {
    welcome: (p) => show(`connected as ${p.username} to ${p.replica}, rooms: ${p.rooms.map((r) => r.room).join(', ')}`),
    chat: (p) => show(`[${p.room}] ${p.username}: ${p.content}`),
    metrics: (p) => {
      if (metrics++ % METRICS_EVERY > 0) return;
      show(`metrics of ${p.replica}: ${p.connections.total} connections (${p.connections.raw} raw, ${p.connections.signalr} SignalR), ${p.deliveries_per_second} deliveries/s`);
    },
    system: (p) => show(`system: ${[p.event, p.room, p.username].filter(Boolean).join(' ')}`),
    error: (p) => show(`error ${p.code}: ${p.message}`),
  };

  socket.addEventListener('open', () => { stands = true; opened(); });
  socket.addEventListener('message', (event) => {
    const { type, payload } = JSON.parse(event.data);
    handlers[type]?.(payload); // types that we do not know are passed over
  });
  socket.addEventListener('error', (event) => { fault = event.message ?? ''; }); // Node says what is wrong, browsers do not
  socket.addEventListener('close', (event) => {
    if (stands) ended(`connection closed: ${event.code} ${event.reason}`.trimEnd(), event.code === 1000);
    else ended(`cannot connect to ${url}${fault && `: ${fault}`}`, false);
  });

  return {
    say: (content) => socket.send(JSON.stringify({ type: 'chat', payload: { room: 'lobby', content } })),
    leave: () => socket.close(1000),
  };
}
