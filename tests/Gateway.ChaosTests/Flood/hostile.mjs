// One hostile client of the gateway: every trick at once, from one address, for a bounded time. Node.js alone, no packages.
//   node hostile.mjs PORT SECONDS [LOCAL_ADDRESS]
// Ends with one line of JSON: how often each trick was tried, what the gateway answered, and the processor time that it took, in microseconds.
import { connect } from 'node:net';
import { Agent, request } from 'node:http';
import { randomBytes } from 'node:crypto';

const [port, seconds, localAddress = '127.0.0.2'] = [Number(process.argv[2]), Number(process.argv[3]), process.argv[4]];
const host = '127.0.0.1';
const end = Date.now() + seconds * 1000;
const done = () => Date.now() >= end;
const tried = {};
const answers = {};
const count = (where, what) => { where[what] = (where[what] ?? 0) + 1; };
const agent = new Agent({ keepAlive: true, maxSockets: 64, localAddress });
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const large = 'x'.repeat(30_000);

function http(trick, path, { method = 'GET', headers = {}, body, holdMs = 0 } = {}) {
  count(tried, trick);
  return new Promise((resolve) => {
    const sent = request({ host, port, path, method, headers, agent, localAddress, timeout: 5000 }, (response) => {
      count(answers, `${trick} ${response.statusCode}`);
      const parts = [];
      if (holdMs > 0) setTimeout(() => { response.destroy(); resolve(''); }, holdMs);
      response.on('data', (part) => parts.push(part)).on('end', () => resolve(Buffer.concat(parts).toString())).on('error', () => resolve(''));
    });
    sent.on('timeout', () => sent.destroy()).on('error', () => resolve(''));
    sent.end(body);
  });
}

// RFC 6455 section 5.2, masked with zeros.
function frame(opcode, payload = '', final = true) {
  const data = Buffer.from(payload);
  const head = data.length < 126 ? [0x80 | data.length] : data.length < 65536 ? [0x80 | 126, data.length >> 8, data.length & 255] : null;
  return Buffer.concat([Buffer.from([(final ? 0x80 : 0) | opcode, ...head, 0, 0, 0, 0]), data]);
}

/** Opens a WebSocket and gives it to `use` until that ends; `reads: false` never reads a byte after the answer. */
function webSocket(trick, path, use, { reads = true } = {}) {
  count(tried, trick);
  return new Promise((resolve) => {
    const socket = connect({ host, port, localAddress });
    let open = false;
    const over = () => { socket.destroy(); resolve(); };
    socket.setNoDelay(true).on('error', over).on('close', over);
    socket.setTimeout(10_000, over);
    socket.on('connect', () => socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n`
      + `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n\r\n`));
    socket.on('data', (data) => {
      if (open) return;
      open = true;
      count(answers, `${trick} ${data.subarray(9, 12)}`);
      if (data.subarray(9, 12).toString() !== '101') return over();
      if (!reads) socket.pause();
      Promise.resolve(use(socket)).then(over, over);
    });
  });
}

// Waits for the socket to take what was written, or to be closed: the flood is as fast as the gateway reads, not as the memory of this process.
const written = (socket) => (socket.writableNeedDrain && !socket.destroyed
  ? new Promise((resolve) => {
    const over = () => { socket.off('drain', over).off('close', over); resolve(); };
    socket.on('drain', over).on('close', over);
  }) : pause(0));
const gone = (socket) => socket.destroyed || done();
const say = (type, payload) => frame(1, JSON.stringify({ type, payload }));

async function sendForever(socket, bytes) {
  while (!gone(socket)) { socket.write(bytes); await written(socket); }
}

const manyRooms = () => Array.from({ length: 100 }, () => randomBytes(6).toString('hex')).join(',');
const repeated = (bytes, times) => Buffer.concat(Array(times).fill(bytes));

const tricks = {
  negotiate: () => http('negotiate', '/hub/negotiate?negotiateVersion=1', { method: 'POST' }),
  negotiateElsewhere: () => http('negotiateElsewhere', ['/hub/NEGOTIATE', '/hub/negotiate/', '/HUB/negotiate'][Date.now() % 3], { method: 'POST' }),
  heldPolls: async () => {
    const answer = await http('heldPolls', '/hub/negotiate?negotiateVersion=1', { method: 'POST' });
    const token = /"connectionToken":"([^"]+)"/.exec(answer)?.[1];
    if (token) await http('heldPolls', `/hub?id=${token}&rooms=lobby`, { holdMs: 300 });
  },
  manyRooms: () => webSocket('manyRooms', `/ws?rooms=${manyRooms()}`, () => pause(200)),
  amplification: () => webSocket('amplification', '/ws?rooms=lobby', (s) => sendForever(s, repeated(say('presence', { room: 'lobby' }), 5))),
  replay: () => webSocket('replay', '/ws?rooms=', (s) => sendForever(s, repeated(say('history', { room: 'lobby' }), 5))),
  status: () => webSocket('status', '/ws?rooms=lobby', (s) => sendForever(s, say('presence', { room: 'lobby', status: randomBytes(20).toString('hex') }))),
  pings: () => webSocket('pings', '/ws?rooms=', (s) => sendForever(s, repeated(frame(9, ''), 500))),
  fragments: () => webSocket('fragments', '/ws?rooms=', (s) => { s.write(frame(1, '{', false)); return sendForever(s, repeated(frame(0, '', false), 500)); }),
  hubPings: () => webSocket('hubPings', '/hub?rooms=', (s) => {
    s.write(frame(1, '{"protocol":"json","version":1}\u001e'));
    return sendForever(s, repeated(frame(1, '{"type":6}\u001e'), 500));
  }),
  wrongCalls: () => webSocket('wrongCalls', '/hub?rooms=', (s) => {
    s.write(frame(1, '{"protocol":"json","version":1}\u001e'));
    return sendForever(s, frame(1, '{"type":1,"invocationId":"1","target":"Nope","arguments":[1,2,3]}\u001e'.repeat(20)));
  }),
  forgedTypes: () => webSocket('forgedTypes', '/ws?rooms=lobby', (s) => sendForever(s, repeated(say('Welcome', { guest_key: 'x' }), 5))),
  malformed: () => webSocket('malformed', '/ws?rooms=', (s) => sendForever(s, repeated(frame(1, '{"type":'), 20))),
  largeChats: () => webSocket('largeChats', '/ws?rooms=lobby', (s) => sendForever(s, say('chat', { content: large }))),
  tooLarge: () => webSocket('tooLarge', '/ws?rooms=', (s) => sendForever(s, frame(1, 'x'.repeat(60_000)))),
  direct: () => webSocket('direct', '/ws?rooms=', (s) => sendForever(s, repeated(say('direct', { user_id: 'nobody', content: 'x' }), 5))),
  stalled: () => webSocket('stalled', '/ws?rooms=lobby,metrics', () => pause(Math.max(0, end - Date.now())), { reads: false }),
  churn: () => webSocket('churn', '/ws?rooms=lobby', () => pause(1)),
  byteByByte: () => webSocket('byteByByte', '/ws?rooms=', async (s) => {
    s.write(frame(1, 'x'.repeat(1000)).subarray(0, 20));
    while (!gone(s)) { s.write('x'); await pause(1000); }
  }),
  silentTcp: () => new Promise((resolve) => {
    count(tried, 'silentTcp');
    const socket = connect({ host, port, localAddress }).on('error', resolve).on('close', resolve);
    setTimeout(() => socket.destroy(), Math.max(0, end - Date.now()));
  }),
  forwarded: () => http('forwarded', '/hub?id=abc', { headers: { 'X-Gateway-Forwarded': randomBytes(40).toString('base64') } }),
  forgedTokens: () => http('forgedTokens', `/hub?id=${randomBytes(60).toString('base64url')}`),
  longPaths: () => http('longPaths', `/ws/${'a'.repeat(4000)}`),
};

async function forever(name, trick) {
  while (!done()) {
    const began = Date.now();
    await trick();
    if (Date.now() - began < 5) await pause(5); // refused at once: a hostile client that tries 200 times a second, on each of its lines
  }
}

const lines = Object.entries(tricks).flatMap(([name, trick]) => Array.from({ length: name === 'silentTcp' ? 50 : 2 }, () => forever(name, trick)));
await Promise.race([Promise.all(lines), pause(seconds * 1000 + 3000)]);
const { user, system } = process.cpuUsage();
process.stdout.write(`${JSON.stringify({ tried, answers, cpu_us: user + system })}\n`, () => process.exit(0));
