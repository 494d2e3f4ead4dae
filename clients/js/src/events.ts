import type { GatewayError } from "./errors.js";

/** `connecting` until the first connection is open, `reconnecting` after a connection was lost, `closed` for good. */
export type State = "connecting" | "open" | "reconnecting" | "closed";

export interface StateChange {
  state: State;
  /** While connecting: failed attempts in a row. */
  failures: number;
  /** While waiting: milliseconds until the next attempt. */
  delay?: number;
  /** Why the connection was lost, the attempt failed, or the client was closed. Missing after `close()`. */
  error?: GatewayError;
}

/** Lost messages. */
export interface Gap {
  /** Missing if the messages belong to no room. */
  room: string | undefined;
  /** `slow consumer`, or the reason of the gateway: `epoch changed`, `history too short`, `too many`, `position unknown`. */
  reason: string;
  /** The epoch of `from` and `to`. */
  epoch: string | undefined;
  /** The offset of the first missing message. */
  from: number | undefined;
  /** The offset of the last missing message; missing if the epoch has ended. */
  to: number | undefined;
  /** How many messages are missing, if the gateway says so. Not every offset between `from` and `to` was a message for this client. */
  missed: number | undefined;
}

/** A room continues after a reconnect. */
export interface Resumed {
  room: string;
  /** Whether every missed message has been delivered. If not, there was a `gap` too. */
  recovered: boolean;
  replayed: number;
}

/** A room could not be entered again. The client is no longer in it. */
export interface Left {
  room: string;
  error: GatewayError;
}

/** The events of the client, apart from messages. */
export interface RoomEvents {
  gap: Gap;
  resumed: Resumed;
  left: Left;
  /** An error outside of any call: `malformed_message` (it was ignored) or `handler_failed`. */
  error: GatewayError;
}

export interface ClientEvents extends RoomEvents {
  state: StateChange;
}

/** The events of the client: its state, and what happens to rooms on a reconnect. */
export interface EventSource<All> {
  /** @returns a function that removes the handler */
  on<E extends keyof All>(name: E, handler: (event: All[E]) => void): () => void;
  off<E extends keyof All>(name: E, handler: (event: All[E]) => void): void;
}
