// node raw-js/main.js [url] [username]: chat in the lobby on the terminal. Every line typed is said; Ctrl+D leaves.
import { createInterface } from 'node:readline';
import WebSocket from 'ws';
import { enterLobby } from './lobby.js';

const [address = 'ws://localhost:8080/ws', username] = process.argv.slice(2);
const url = URL.canParse(address) ? new URL(address) : null;
if (!url || !['ws:', 'wss:'].includes(url.protocol)) {
  console.error(`not a WebSocket address: ${address} (expected one like ws://localhost:8080/ws)`);
  process.exit(2);
}
url.searchParams.set('rooms', 'lobby,metrics');
if (username) url.searchParams.set('username', username);

const lobby = enterLobby(WebSocket, url.href, console.log, readLines, (reason, well) => {
  console.error(reason);
  process.exit(well ? 0 : 1);
});

function readLines() {
  createInterface({ input: process.stdin }).on('line', lobby.say).on('close', lobby.leave);
}
