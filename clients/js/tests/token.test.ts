// Where a token goes: into a header, or a sub-protocol; never into an address, which stands in the logs of everything on the way.
import { createHmac } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { WebSocket } from "ws";
import type { WebSocketClass } from "../src/index.js";
import { client, gateway, isOpen, record, until, type Gateway } from "./world.js";

const SECRET = "an HS256 secret of more than thirty-two bytes";
const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");

function sign(sub: string): string {
  const input = `${part({ alg: "HS256", typ: "JWT" })}.${part({ sub, exp: Math.floor(Date.now() / 1000) + 600 })}`;
  return `${input}.${createHmac("sha256", SECRET).update(input).digest("base64url")}`;
}

/** As a browser's: no headers, and no `terminate`. */
class LikeABrowser {
  readonly #inner: WebSocket;
  onopen = null;
  onmessage = null;
  onerror = null;
  onclose = null;

  constructor(url: string, protocols: string[] = []) {
    this.#inner = new WebSocket(url, protocols);
    for (const name of ["open", "message", "error", "close"] as const) this.#inner.addEventListener(name, (event) => (this as any)[`on${name}`]?.(event));
  }

  send(text: string): void {
    this.#inner.send(text);
  }

  close(code?: number): void {
    this.#inner.close(code);
  }
}

const CLASSES = { "of ws": WebSocket, "like a browser's": LikeABrowser };

let server: Gateway;
beforeAll(async () => {
  server = await gateway("--auth:mode=jwt", `--auth:signing_key=${SECRET}`);
});
afterAll(() => server.kill());

it.each(Object.entries(CLASSES))("a WebSocket %s brings the token to the gateway", async (_, WebSocket) => {
  const gw = client(server.url, { token: () => sign("ada"), WebSocket: WebSocket as unknown as WebSocketClass });
  await isOpen(gw);
  expect(gw.welcome!.user_id).toBe("ada");
});

it.each(Object.entries(CLASSES))("a WebSocket %s that is refused asks why, and the token is in no address", async (_, WebSocket) => {
  const requests: IncomingMessage[] = [];
  const refusing = createServer((request, response) => (requests.push(request), response.writeHead(401).end("Invalid token\n")));
  refusing.on("upgrade", (request, socket) => (requests.push(request), socket.end("HTTP/1.1 401 Unauthorized\r\nConnection: close\r\n\r\n")));
  await new Promise<void>((resolve) => refusing.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void refusing.close());
  const gw = client(`ws://127.0.0.1:${(refusing.address() as AddressInfo).port}`, { token: "a.b.c", WebSocket: WebSocket as unknown as WebSocketClass });
  const seen = record(gw);
  await until(() => gw.state === "closed", "it is refused");
  expect(seen.events.state.at(-1)!.error).toMatchObject({ code: 401, message: "Invalid token" });
  expect(requests.length).toBe(2);
  for (const { url } of requests) expect(url).toBe("/ws?rooms=");
  const [upgrade, plain] = requests.map((request) => request.headers);
  expect(upgrade!.authorization ?? upgrade!["sec-websocket-protocol"]).toBe(WebSocket === LikeABrowser ? "gateway,bearer.a.b.c" : "Bearer a.b.c");
  expect(plain!.authorization).toBe("Bearer a.b.c");
});

it.each(Object.entries(CLASSES))("with a WebSocket %s a token that is none is not shown in the error", async (_, WebSocket) => {
  const gw = client(server.url, { token: "secret,\r\nX-Header: 1", WebSocket: WebSocket as unknown as WebSocketClass });
  const seen = record(gw);
  await until(() => gw.state === "closed", "it has given up");
  expect(seen.events.state.at(-1)!.error!.message).toBe("the token has characters that a token cannot have");
});
