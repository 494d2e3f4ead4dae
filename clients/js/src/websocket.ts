/** The part of a WebSocket that the client uses: the browser's own, Node's from version 22 on, and the class of the package `ws` all have it. */
export interface WebSocketLike {
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  send(text: string): void;
  close(code?: number, reason?: string): void;
  /** Only in `ws`: gives up without waiting for the other side. */
  terminate?(): void;
}

export type WebSocketClass = new (url: string, protocols?: string[], options?: { headers: Record<string, string> }) => WebSocketLike;

/** What may stand in a sub-protocol (RFC 7230 section 3.2.6) or a header. A signed token has nothing else in it. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/**
 * Opens a WebSocket, with the token in its `Authorization` header if the class takes headers (`ws`), else in a sub-protocol. Never in the address: that is
 * written into the logs of everything on the way.
 */
export function openWebSocket(WebSocket: WebSocketClass, url: string, token: string | undefined): WebSocketLike {
  if (token === undefined) return new WebSocket(url);
  if (!TOKEN.test(token)) throw new TypeError("the token has characters that a token cannot have"); // which the message of the class's own error might show
  if (takesHeaders(WebSocket)) return new WebSocket(url, [], { headers: { Authorization: `Bearer ${token}` } });
  return new WebSocket(url, ["gateway", `bearer.${token}`]);
}

/** Of `ws` and classes derived from it. A browser's has no such method, nor has Node's own. */
const takesHeaders = (WebSocket: WebSocketClass): boolean => typeof (WebSocket.prototype as WebSocketLike | undefined)?.terminate === "function";
