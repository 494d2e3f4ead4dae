// A browser, and pages of an origin of their own that connect to a gateway.
import { createServer } from "node:http";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { createHmac } from "node:crypto";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const CANDIDATES = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const signalR = readFileSync(createRequire(import.meta.url).resolve("@microsoft/signalr/dist/browser/signalr.js"));

export async function startBrowser() {
  const executablePath = CANDIDATES.find((path) => path && existsSync(path));
  if (!executablePath) throw new Error("Chromium was not found: install Debian's package chromium, or name it in CHROMIUM");
  return chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-dev-shm-usage"] }); // in a container there is no user for the sandbox
}

/** A server of pages that have the stock client, and nothing else. */
export async function servePages() {
  const server = createServer((request, response) => {
    if (request.url === "/signalr.js") return response.writeHead(200, { "content-type": "text/javascript" }).end(signalR);
    response.writeHead(200, { "content-type": "text/html" }).end('<!doctype html><script src="/signalr.js"></script>');
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return { origin: `http://127.0.0.1:${server.address().port}`, stop: () => new Promise((resolve) => (server.closeAllConnections(), server.close(resolve))) };
}

export const SECRET = "an HS256 secret of more than thirty-two bytes";

/** Signed with node's own cryptography. */
export function token(claims = {}) {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const input = `${part({ alg: "HS256", typ: "JWT" })}.${part({ sub: "ada", preferred_username: "Ada", exp: Math.floor(Date.now() / 1000) + 3600, ...claims })}`;
  return `${input}.${createHmac("sha256", SECRET).update(input).digest("base64url")}`;
}

/** Runs in the page: what becomes of a plain WebSocket. */
export function rawInPage({ url, protocols }) {
  return new Promise((resolve) => {
    const socket = new WebSocket(url, protocols);
    const welcome = (event) => {
      const { type, payload } = JSON.parse(event.data);
      if (type === "welcome") (resolve({ user: payload.user_id, protocol: socket.protocol }), socket.close());
    };
    socket.onmessage = welcome;
    socket.onclose = (event) => resolve({ refused: event.code });
  });
}

/** Runs in the page: what becomes of the stock client over one transport. */
export async function hubInPage({ url, transport, token, skipNegotiation }) {
  const { HubConnectionBuilder, HttpTransportType, LogLevel } = globalThis.signalR;
  const connection = new HubConnectionBuilder()
    .withUrl(url, { transport: HttpTransportType[transport], skipNegotiation, accessTokenFactory: token && (() => token) })
    .configureLogging(LogLevel.None)
    .build();
  const said = new Promise((resolve) => connection.on("chat", resolve));
  try {
    await connection.start();
  } catch (fault) {
    return { refused: `${fault}` };
  }
  await connection.invoke("Chat", { content: "from a page" });
  const { content, user_id: user } = await said;
  await connection.stop();
  return { content, user };
}
