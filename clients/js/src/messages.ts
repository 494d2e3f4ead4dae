// What the gateway sends: type and payload of each message, as docs/protocol.md has them. Own types are added by declaration:
//   declare module "@gateway/client" { interface Messages { typing: { room?: string; user: string } } }

/** A place in a room's sequence. */
export interface Position {
  epoch: string;
  offset: number;
}

/** Of a room without offsets only the name is known. */
export interface RoomPosition extends Partial<Position> {
  room: string;
}

export interface Cluster {
  replicas: number;
  connections: number;
}

export interface Welcome {
  connection_id: string;
  user_id: string;
  username: string;
  /** A secret: with it an anonymous user is the same one again. */
  guest_key?: string;
  replica: string;
  rooms: RoomPosition[];
  cluster?: Cluster;
}

export interface Chat {
  room: string;
  user_id: string;
  username: string;
  content: string;
  time: string;
  message_id?: string;
  offset?: number;
}

export interface Direct {
  to: string;
  user_id: string;
  username: string;
  content: string;
  time: string;
  message_id?: string;
}

/** Somebody said what it is up to. */
export interface PresenceChange {
  room: string;
  user_id: string;
  username: string;
  status: string;
}

/** The figures of one replica (room `metrics`), or without `replica` the sums of all (room `metrics:cluster`). */
export interface Metrics {
  replica?: string;
  cluster?: Cluster;
  uptime_seconds?: number;
  connections: { total: number; raw: number; signalr: number; frames?: number };
  rooms?: number;
  messages_in_per_second: number;
  messages_out_per_second: number;
  deliveries_per_second: number;
  dropped: number;
  cpu_percent?: number;
  memory_bytes?: number;
  heap_bytes?: number;
  gc_pause_ms?: number;
  thread_pool_queue?: number;
}

export interface Failure {
  code: number;
  message: string;
  retry_after_ms?: number;
}

export interface SomebodyMoved {
  room: string;
  user_id: string;
  username: string;
}

/** Messages that will not come. With an `epoch`, what comes next is after `offset` in it; whatever the old epoch had from `from` on is lost. */
export interface GapNotice {
  room?: string;
  missed?: number;
  from?: number;
  to?: number;
  reason?: string;
  epoch?: string;
  offset?: number;
}

/** What moderators have done. Without a `room` it holds everywhere. */
export interface Moderated {
  user_id: string;
  room?: string;
  /** RFC 3339; `muted` only. */
  until?: string;
  offset?: number;
}

/** The `system` message's events, by name. */
export interface SystemEvents {
  join: SomebodyMoved;
  leave: SomebodyMoved;
  /** Joins, leaves or statuses may have been missed: ask for the room's `presence` again. */
  presence_reset: { room: string };
  gap: GapNotice;
  muted: Moderated;
  unmuted: Moderated;
  kicked: Moderated;
  /** Until then a newer token has to come: the connection ends with the token. */
  token_expiring: { expires_at: string };
  shutdown: object;
}

export type System = { [E in keyof SystemEvents]: { event: E } & SystemEvents[E] }[keyof SystemEvents];

/** Every message that the gateway sends, by type. */
export interface Messages {
  welcome: Welcome;
  chat: Chat;
  direct: Direct;
  presence: PresenceChange;
  system: System;
  metrics: Metrics;
  /** A complaint that belongs to nothing that was asked. */
  error: Failure;
}

/** A message as iterating over the client yields it. Types that are not declared arrive too. */
export type Message = { [T in keyof Messages]: { type: T; payload: Messages[T] } }[keyof Messages];

/** A message of whatever type. */
export interface AnyMessage {
  type: string;
  payload: unknown;
}
