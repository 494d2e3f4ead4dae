import type { System } from "../../js/src/messages.js";
import type { Frame } from "./tap.js";

export interface ChatMessage {
  room: string;
  user_id: string;
  username: string;
  content: string;
  time: string;
  offset?: number;
}

export interface Member {
  user_id: string;
  username: string;
  status: string;
  connections: number;
}

/** What a client tells of itself. */
export interface Notice {
  kind: "state" | "fault" | "resumed" | "gap" | "event";
  text: string;
}

export interface PeerEvents {
  chat(message: ChatMessage): void;
  notice(notice: Notice): void;
  /** Somebody has come or gone, or a room was entered. */
  changed(): void;
  open(isOpen: boolean): void;
  frame(frame: Frame): void;
  /** The gateway wants a token, or another one. */
  unauthorized(): void;
}

/** One client of the gateway, of either dialect. */
export interface Peer {
  readonly rooms: readonly string[];
  start(): void;
  join(room: string): Promise<unknown>;
  leave(room: string): Promise<unknown>;
  say(room: string, text: string): Promise<unknown>;
  /** The first page of those who are there, and how many they are. */
  members(room: string): Promise<{ count: number; members: Member[] }>;
  position(room: string): number | undefined;
  /** Milliseconds there and back. */
  ping(): Promise<number>;
  drop(): void;
  close(): void;
}

export const faultOf = (fault: unknown): string => (fault instanceof Error ? fault.message : String(fault));
export const isUnauthorized = (fault: unknown): boolean => (fault as { code?: unknown } | undefined)?.code === 401 || /\b401\b|Unauthorized|Invalid token|token expired/.test(faultOf(fault ?? ""));

/** For what a client tells in both dialects. */
export const resumedText = (room: string, recovered: boolean, replayed: number): string =>
  recovered ? `${room} resumed: ${replayed === 1 ? "1 message" : `${replayed} messages`} caught up` : `${room} goes on, but not everything could be caught up`;
export const gapText = (room: string | undefined, from: number | undefined, to: number | undefined, reason: string | undefined): string => `gap in ${room ?? "a room"}${from === undefined ? "" : ` from ${from} to ${to ?? "the end"}`}: ${reason ?? "unknown"}`;

/** What the gateway tells of rooms and users. */
export function told(system: System, to: PeerEvents): void {
  to.changed();
  if (system.event !== "muted" && system.event !== "unmuted" && system.event !== "kicked") return;
  to.notice({ kind: "event", text: `${system.user_id} was ${system.event}${system.room ? ` in ${system.room}` : ""}` });
}
