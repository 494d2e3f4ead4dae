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

export type WebSocketClass = new (url: string) => WebSocketLike;
