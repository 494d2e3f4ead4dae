// Which room a message belongs to, and which place it has there.
import type { AnyMessage, GapNotice } from "./messages.js";

export const LOBBY = "lobby";

const isObject = (payload: unknown): payload is Record<string, unknown> => typeof payload === "object" && payload !== null && !Array.isArray(payload);

/** The room's gap notice, if the message is one. */
export function gapIn({ type, payload }: AnyMessage): GapNotice | undefined {
  return type === "system" && isObject(payload) && payload["event"] === "gap" ? (payload as GapNotice) : undefined;
}

/**
 * The gateway adds the offset as a payload's last field. A field of the same name elsewhere is the application's: server code may publish what it likes,
 * and such payloads are left as they are.
 */
export function offsetIn({ payload }: AnyMessage): number | undefined {
  if (!isObject(payload)) return undefined;
  const offset = payload["offset"];
  if (typeof offset !== "number" || !Number.isSafeInteger(offset) || offset < 1) return undefined;
  let last;
  for (last in payload);
  return last === "offset" ? offset : undefined;
}

/** The room of a message that has a place in one. An own type that names none went to the lobby. */
export function roomOf(message: AnyMessage): string | undefined {
  const gap = gapIn(message);
  if (gap) return gap.room;
  return offsetIn(message) === undefined ? undefined : named(message.payload);
}

/** The room that a command of this client is about; nothing if it is about none. */
export function roomOfCommand(type: string, payload: unknown): string | undefined {
  if (type === "direct" || type === "ping" || (type === "presence" && isObject(payload) && "status" in payload)) return undefined;
  return named(payload);
}

const named = (payload: unknown): string => (isObject(payload) && typeof payload["room"] === "string" ? payload["room"] : LOBBY);
