import type { BackoffOptions } from "./backoff.js";
import type { HeartbeatOptions } from "./heartbeat.js";
import type { OutgoingOptions } from "./outgoing.js";
import type { Fetch } from "./refusal.js";
import type { WebSocketClass } from "./websocket.js";

/** Asked at each connect. If it fails, the attempt has failed. */
export type TokenSource = string | (() => string | Promise<string>);

/** How long what was asked for may take, in milliseconds, the time without a connection included. */
export interface Timeouts {
  /** `join`, `leave`, `request`. */
  requestTimeout: number;
  /** `send`, `chat`. Has to be less than the gateway's `messages.idempotency_window`: for so long a message may be sent again. */
  sendTimeout: number;
}

export interface ReconnectOptions extends BackoffOptions {
  /** Attempts in a row that may come to nothing before the client is closed for good. */
  maxReconnectAttempts: number;
  /** A connection that lasted for so long was a success: the next delay is a first one. */
  stableAfter: number;
}

export interface ClientOptions extends ReconnectOptions, HeartbeatOptions, OutgoingOptions, Timeouts {
  token: TokenSource | undefined;
  username: string | undefined;
  /** A random secret of 22 to 128 characters, to be the same anonymous user as before. Without it the gateway makes one up, and the client keeps it. */
  guestKey: string | undefined;
  /** From the handshake to the welcome. */
  connectTimeout: number;
  /** Messages that may wait for a `for await` loop. */
  maxUnread: number;
  /** The class to connect with. */
  WebSocket: WebSocketClass;
  /** To find out why a connection was refused; `null`: do not ask. */
  fetch: Fetch | null;
}

export const SHARED_DEFAULTS: Timeouts & OutgoingOptions = {
  requestTimeout: 30_000,
  sendTimeout: 240_000,
  maxQueued: 1000,
  maxInFlight: 16,
  maxMessageBytes: 32_768,
};

export const RECONNECT_DEFAULTS: ReconnectOptions = {
  reconnectBaseDelay: 1000,
  reconnectMaxDelay: 30_000,
  maxReconnectAttempts: Infinity,
  stableAfter: 5000,
};

/** @throws TypeError an option is out of its range, or there is no WebSocket */
export function complete(options: Partial<ClientOptions>): ClientOptions {
  const { WebSocket, fetch } = globalThis as unknown as { WebSocket?: WebSocketClass; fetch?: Fetch };
  const all = {
    ...SHARED_DEFAULTS,
    ...RECONNECT_DEFAULTS,
    heartbeatInterval: 15_000,
    heartbeatTimeout: 10_000,
    connectTimeout: 10_000,
    maxUnread: 10_000,
    token: undefined,
    username: undefined,
    guestKey: undefined,
    WebSocket,
    fetch: fetch ? (...request: Parameters<Fetch>) => fetch(...request) : null,
    ...options,
  } satisfies Partial<Record<keyof ClientOptions, unknown>>;
  checkNumbers(all);
  if (!all.WebSocket) throw new TypeError('there is no WebSocket here: pass a class, as { WebSocket } from the package "ws"');
  return all as ClientOptions;
}

const LONGEST_TIMER = 2 ** 31 - 1;

const RANGES: Record<string, [min: number, max: number]> = {
  requestTimeout: [1, LONGEST_TIMER],
  sendTimeout: [1, LONGEST_TIMER],
  maxQueued: [1, Infinity],
  maxInFlight: [1, Infinity],
  maxMessageBytes: [0, Infinity],
  reconnectBaseDelay: [0, LONGEST_TIMER],
  reconnectMaxDelay: [0, LONGEST_TIMER],
  maxReconnectAttempts: [0, Infinity],
  stableAfter: [0, Infinity],
  heartbeatInterval: [1, LONGEST_TIMER],
  heartbeatTimeout: [1, LONGEST_TIMER],
  connectTimeout: [1, LONGEST_TIMER],
  maxUnread: [1, Infinity],
};

/** @throws TypeError one is out of its range */
export function checkNumbers(options: object): void {
  for (const [name, value] of Object.entries(options)) {
    const range = RANGES[name];
    if (range && !(typeof value === "number" && value >= range[0] && value <= range[1])) throw new TypeError(`${name} must be a number from ${range[0]} to ${range[1]}, not ${value}`);
  }
}
