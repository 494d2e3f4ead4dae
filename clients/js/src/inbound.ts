// What the gateway sends is checked before anything is done with it: a message that is not what docs/protocol.md says is counted, told and ignored, and harms nothing.
import { GatewayError } from "./errors.js";
import type { AnyMessage, Failure } from "./messages.js";
import type { JoinAnswer } from "./requests.js";

type Fields = Record<string, unknown>;
type Check = (value: unknown) => boolean;

const LONGEST_WAIT = 2 ** 31 - 1;

const isObject = (value: unknown): value is Fields => typeof value === "object" && value !== null && !Array.isArray(value);
const isText: Check = (value) => typeof value === "string";
const isCount: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const isNumber: Check = (value) => typeof value === "number";

const POSITION = { epoch: isText, offset: isCount };
const USER = { user_id: isText, username: isText };
const isRoomPosition: Check = (value) => isObject(value) && isText(value["room"]) && problemOf(value, POSITION) === undefined;

/** Fields that have to be there: the client itself, or every application, relies on them. */
const NEEDED: Record<string, Record<string, Check>> = {
  welcome: { connection_id: isText, ...USER, replica: isText, rooms: (value) => Array.isArray(value) && value.every(isRoomPosition) },
  system: { event: isText },
  error: { code: isNumber, message: isText },
};

/** Fields that may be left out (server code publishes what it likes), and are of this kind if they are there. */
const OPTIONAL: Record<string, Record<string, Check>> = {
  welcome: { guest_key: isText, cluster: isObject },
  system: { ...USER, ...POSITION, room: isText, reason: isText, until: isText, expires_at: isText, from: isCount, to: isCount, missed: isCount },
  error: { retry_after_ms: isNumber },
  chat: { ...USER, room: isText, content: isText, time: isText, message_id: isText },
  direct: { ...USER, to: isText, content: isText, time: isText, message_id: isText },
  presence: { ...USER, room: isText, status: isText },
  metrics: { replica: isText, connections: isObject, cluster: isObject },
};

/** The messages of one connection, in the order that the protocol promises: one `welcome`, and that first. */
export class Inbound {
  #isWelcome = false;

  /** @returns what is wrong with the message; nothing if it is fine */
  check({ type, payload }: AnyMessage): string | undefined {
    // Stock SignalR clients match names without regard to case, so any spelling may be a forged one.
    if (type.toLowerCase() === "welcome" && (this.#isWelcome || type !== "welcome")) return "a welcome that is not the connection's first message";
    if (type !== "welcome" && !this.#isWelcome) return `a message ahead of the welcome: ${quoted(type)}`;
    const problem = problemIn(type, payload);
    if (problem === undefined) this.#isWelcome = true;
    return problem;
  }
}

function problemIn(type: string, payload: unknown): string | undefined {
  const optional = own(OPTIONAL, type);
  if (!optional) return undefined; // an own type of the application's
  if (!isObject(payload)) return `a ${type} without a payload`;
  const needed = NEEDED[type] ?? {};
  for (const name in needed) if (!needed[name]!(payload[name])) return `a ${type} whose ${name} is missing or of the wrong kind`;
  const name = problemOf(payload, optional);
  return name && `a ${type} whose ${name} is of the wrong kind`;
}

/** @returns the first field that is there and of the wrong kind */
const problemOf = (fields: Fields, checks: Record<string, Check>): string | undefined =>
  Object.keys(checks).find((name) => fields[name] !== undefined && !checks[name]!(fields[name]));

const own = <T>(table: Record<string, T>, name: string): T | undefined => (Object.hasOwn(table, name) ? table[name] : undefined);

export const quoted = (text: string): string => JSON.stringify(text.slice(0, 64));

/** An answer to `join`, which the client goes on from. @throws GatewayError it is none */
export function joinAnswer(answer: unknown): JoinAnswer {
  const checks = { ...POSITION, recovered: (value: unknown) => typeof value === "boolean", replayed: isCount, reason: isText };
  if (isObject(answer) && problemOf(answer, checks) === undefined) return answer as unknown as JoinAnswer;
  throw new GatewayError("malformed_message", "the answer to join is malformed");
}

/** The `error` that answers a command, whatever is in it. */
export function failureOf(payload: unknown): GatewayError {
  if (problemIn("error", payload) !== undefined) return new GatewayError("malformed_message", "the command was refused with a malformed error");
  const { code, message, retry_after_ms: wait } = payload as Failure;
  return new GatewayError(code, message, wait !== undefined && wait >= 0 ? Math.min(wait, LONGEST_WAIT) : undefined);
}
