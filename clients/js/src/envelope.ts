// The raw dialect's text frames, {"type":T,"payload":P,"id":I}: see docs/protocol.md and the golden files in tests/wire.

export interface Envelope {
  type: string;
  /** `null` where it was left out. */
  payload: unknown;
  id: string | number | undefined;
}

export function write(type: string, payload: unknown, id?: string | number): string {
  return JSON.stringify({ type, payload, id });
}

/** @returns nothing if the text is no envelope */
export function read(text: string): Envelope | undefined {
  let frame: unknown;
  try {
    frame = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof frame !== "object" || frame === null) return undefined;
  const { type, payload = null, id } = frame as Record<string, unknown>;
  if (typeof type !== "string") return undefined;
  return { type, payload, id: typeof id === "string" || typeof id === "number" ? id : undefined };
}
