// node signalr-js/main.js [url] [username]: chat in the lobby with the stock SignalR client. Every line typed is said; Ctrl+D leaves.
import { createInterface } from 'node:readline';
import { HubConnectionBuilder, LogLevel } from '@microsoft/signalr';

const METRICS_EVERY = 10; // one metrics message in so many is shown

const [address = 'http://localhost:8080/hub', username] = process.argv.slice(2);
const url = URL.canParse(address) ? new URL(address) : null;
if (!url || !['http:', 'https:'].includes(url.protocol)) {
  console.error(`not a hub address: ${address} (expected one like http://localhost:8080/hub)`);
  process.exit(2);
}
url.searchParams.set('rooms', 'lobby,metrics');
if (username) url.searchParams.set('username', username);

const connection = new HubConnectionBuilder()
  .withUrl(url.href)
  .withAutomaticReconnect()
  .configureLogging(LogLevel.None) // what matters is printed below
  .build();

let metrics = 0;
connection.on('welcome', (p) => console.log(`connected as ${p.username} to ${p.replica}, rooms: ${p.rooms.map((r) => r.room).join(', ')}`));
connection.on('chat', (p) => console.log(`[${p.room}] ${p.username}: ${p.content}`));
connection.on('system', (p) => console.log(`system: ${[p.event, p.room, p.username].filter(Boolean).join(' ')}`));
connection.on('metrics', (p) => {
  if (metrics++ % METRICS_EVERY > 0) return;
  console.log(`metrics of ${p.replica}: ${p.connections.total} connections (${p.connections.raw} raw, ${p.connections.signalr} SignalR), ${p.deliveries_per_second} deliveries/s`);
});
connection.onreconnecting((error) => console.error(`connection lost, trying again${error ? `: ${error.message}` : ''}`));
connection.onclose((error) => {
  console.error(error ? `connection closed: ${error.message}` : 'connection closed');
  process.exit(error ? 1 : 0);
});

try {
  await connection.start();
} catch (error) {
  console.error(`cannot connect to ${url.href}: ${error.message}`);
  process.exit(1);
}

let saying = Promise.resolve();
createInterface({ input: process.stdin })
  .on('line', (content) => {
    saying = connection.invoke('Chat', { room: 'lobby', content }).catch((error) => console.error(error.message));
  })
  .on('close', async () => {
    await saying;
    await connection.stop();
  });
