import { Calls } from "./calls.js";
import type { Ending } from "./ending.js";
import { read, write } from "./envelope.js";
import { LinkLost } from "./errors.js";
import { Heartbeat, type HeartbeatOptions } from "./heartbeat.js";
import { Inbound } from "./inbound.js";
import type { Link } from "./link.js";
import type { AnyMessage, System } from "./messages.js";
import { openWebSocket, type WebSocketClass, type WebSocketLike } from "./websocket.js";

export interface SocketHandlers {
  /** A message that answers nothing, and is what the protocol says; `welcome` is the first. */
  message(message: AnyMessage): void;
  /** Something came that is ignored. */
  malformed(problem: string): void;
  /** Called once. Nothing comes after it. */
  ended(ending: Ending): void;
}

const NORMAL = 1000;
const ABNORMAL = 1006;
/** How long the other side has for its close frame. */
const CLOSE_TIMEOUT = 2000;

/** One WebSocket of the raw dialect, from the handshake to its end, however it ends. Whoever is done with it need not wait for the other side. */
export class Socket implements Link {
  readonly #webSocket: WebSocketLike;
  readonly #calls = new Calls();
  readonly #inbound = new Inbound();
  readonly #handlers: SocketHandlers;
  #heartbeat: Heartbeat | undefined;
  #isOpen = false;
  #isOver = false;
  #closeTimer: ReturnType<typeof setTimeout> | undefined;
  #wasClosed!: () => void;

  /** The other side has closed too, or had the time to. */
  readonly closed = new Promise<void>((resolve) => (this.#wasClosed = resolve));

  constructor(url: string, token: string | undefined, WebSocket: WebSocketClass, heartbeat: HeartbeatOptions, handlers: SocketHandlers) {
    this.#handlers = handlers;
    this.#webSocket = openWebSocket(WebSocket, url, token);
    this.#webSocket.onopen = () => {
      this.#isOpen = true;
      if (this.#isOver) return this.#webSocket.close(NORMAL);
      this.#heartbeat = new Heartbeat(heartbeat, () => this.#ask(), () => this.end({ kind: "dead", code: ABNORMAL, reason: "the gateway does not answer" }));
    };
    this.#webSocket.onmessage = ({ data }: { data: unknown }) => this.#receive(data);
    this.#webSocket.onerror = () => {}; // the close that follows says as much
    this.#webSocket.onclose = ({ code, reason }: { code: number; reason: string }) => {
      this.end(this.#isOpen ? { kind: "closed", code, reason: reason || "the connection was lost" } : { kind: "refused", reason: "no connection could be made" });
      clearTimeout(this.#closeTimer);
      this.#wasClosed();
    };
  }

  call(type: string, payload: unknown): Promise<unknown> {
    if (this.#isOver) return Promise.reject(new LinkLost("the connection is over"));
    return this.#calls.ask((id) => this.#webSocket.send(write(type, payload, id)));
  }

  /** Nothing is listened to any more; the other side is told, if it can be. */
  end(ending: Ending): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#heartbeat?.stop();
    this.#hangUp(ending.kind);
    this.#calls.fail();
    this.#handlers.ended(ending);
  }

  #receive(data: unknown): void {
    if (this.#isOver) return;
    this.#heartbeat?.heard();
    const envelope = typeof data === "string" ? read(data) : undefined;
    if (!envelope) return this.#handlers.malformed("a frame that is no envelope");
    if (this.#calls.take(envelope)) return;
    const message = { type: envelope.type, payload: envelope.payload };
    if (message.type === "ack" || (message.type === "error" && envelope.id !== undefined)) return; // an answer that nobody waits for any more
    const problem = this.#inbound.check(message);
    if (problem !== undefined) return this.#handlers.malformed(problem);
    this.#handlers.message(message);
    if (message.type === "system" && (message.payload as System).event === "shutdown") this.end({ kind: "shutdown", code: 1001, reason: "shutting down" });
  }

  #ask(): void {
    this.call("ping", undefined).catch(() => {}); // that something comes is all that counts
  }

  /** A browser's WebSocket waits for the other side as long as it likes, and a dead one never closes; `ws` can be ended at once. */
  #hangUp(kind: Ending["kind"]): void {
    this.#closeTimer = setTimeout(() => {
      this.#webSocket.terminate?.();
      this.#wasClosed();
    }, CLOSE_TIMEOUT);
    if (kind === "dead" && this.#webSocket.terminate) this.#webSocket.terminate();
    else this.#webSocket.close(NORMAL);
  }
}
