import type { GatewayError } from "./errors.js";

/** `connecting` until the connection stands for the first time, `reconnecting` whenever it has gone, `closed` for good. */
export type State = "connecting" | "open" | "reconnecting" | "closed";

export interface StateChange {
  state: State;
  /** While connecting: attempts in a row that came to nothing. */
  failures: number;
  /** While waiting: milliseconds until the next attempt. */
  delay?: number;
  /** Why the connection went, or the attempt came to nothing; with `closed`, why for good. Not there after `close()`. */
  error?: GatewayError;
}

/** Messages that will not come. */
export interface Gap {
  /** Nothing if they belonged to no room. */
  room: string | undefined;
  /** `slow consumer`, or the gateway's word: `epoch changed`, `history too short`, `too many`, `position unknown`. */
  reason: string;
  /** The epoch in which `from` and `to` count. */
  epoch: string | undefined;
  /** The first message that is missing. */
  from: number | undefined;
  /** The last one; not known if the epoch is over. */
  to: number | undefined;
  /** How many, if the gateway said so: not every number between `from` and `to` was a message for this client. */
  missed: number | undefined;
}

/** A room goes on after a reconnect. */
export interface Resumed {
  room: string;
  /** Everything that was missed has come. If not there was a `gap` too. */
  recovered: boolean;
  replayed: number;
}

/** A room could not be entered again, and is not the client's any more. */
export interface Left {
  room: string;
  error: GatewayError;
}

/** What the client itself tells of, apart from the messages. */
export interface RoomEvents {
  gap: Gap;
  resumed: Resumed;
  left: Left;
  /** Something went wrong that nobody asked for: `malformed_message` (it was ignored) or `handler_failed`. */
  error: GatewayError;
}

export interface ClientEvents extends RoomEvents {
  state: StateChange;
}

/** What is told apart from the messages: the client's state, and what becomes of rooms when it reconnects. */
export interface EventSource<All> {
  /** @returns takes the handler away again */
  on<E extends keyof All>(name: E, handler: (event: All[E]) => void): () => void;
  off<E extends keyof All>(name: E, handler: (event: All[E]) => void): void;
}
