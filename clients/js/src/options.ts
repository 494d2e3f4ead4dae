import type { BackoffOptions } from "./backoff.js";
import type { HeartbeatOptions } from "./heartbeat.js";
import type { OutgoingOptions } from "./outgoing.js";
import type { Fetch } from "./refusal.js";
import type { WebSocketClass } from "./websocket.js";

/** Returns a token. It is called for each connection. If it fails, the attempt fails. */
export type TokenSource = string | (() => string | Promise<string>);

/** Timeouts of calls in milliseconds. Time without a connection counts. */
export interface Timeouts {
  /** The timeout of `join`, `leave` and `request`. */
  requestTimeout: number;
  /** The timeout of `send` and `chat`. It must be less than the gateway's `messages.idempotency_window`, because a message may be sent again until then. */
  sendTimeout: number;
}

export interface ReconnectOptions extends BackoffOptions {
  /** How many attempts in a row may fail before the client closes. */
  maxReconnectAttempts: number;
  /** How long a connection must last to reset the delays. */
  stableAfter: number;
}

export interface ClientOptions extends ReconnectOptions, HeartbeatOptions, OutgoingOptions, Timeouts {
  token: TokenSource | undefined;
  username: string | undefined;
  /** A random secret of 22 to 128 characters, to stay the same anonymous user. Without it, the gateway creates one, which the client keeps. */
  guestKey: string | undefined;
  /** The timeout of one attempt, from the handshake to the welcome. */
  connectTimeout: number;
  /** How many messages may wait for a `for await` loop. */
  maxUnread: number;
  /** The WebSocket class. */
  WebSocket: WebSocketClass;
  /** Finds out why a connection was rejected; `null`: do not ask. */
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

/** @throws TypeError if an option is out of its range, or if there is no WebSocket */
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

/** @throws TypeError if an option is out of its range */
export function checkNumbers(options: object): void {
  for (const [name, value] of Object.entries(options)) {
    const range = RANGES[name];
    if (range && !(typeof value === "number" && value >= range[0] && value <= range[1])) throw new TypeError(`${name} must be a number from ${range[0]} to ${range[1]}, not ${value}`);
  }
}
