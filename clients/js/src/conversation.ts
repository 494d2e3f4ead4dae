import { GatewayError } from "./errors.js";
import type { ClientEvents, RoomEvents } from "./events.js";
import type { Link } from "./link.js";
import { Listeners } from "./listeners.js";
import { MessageIds } from "./message-ids.js";
import type { AnyMessage, Position, RoomPosition, Welcome } from "./messages.js";
import type { Timeouts } from "./options.js";
import { Outgoing, type OutgoingOptions, type Repeat } from "./outgoing.js";
import { Rooms } from "./rooms.js";

const REPEATABLE = new Set(["history", "presence", "ping"]);

/** What an application and the gateway have to do with each other, whatever the connection of the moment is: rooms, messages, questions. For both dialects. */
export class Conversation {
  readonly messages = new Listeners((fault, name) => this.#handlerFailed(fault, name));
  readonly events = new Listeners((fault, name) => this.#handlerFailed(fault, name));
  readonly rooms: Rooms;
  readonly outgoing: Outgoing;
  readonly #timeouts: Timeouts;
  readonly #ids = new MessageIds();
  #welcome: Welcome | undefined;
  #closed: GatewayError | undefined;
  #malformed = 0;

  /** @param all is called with each message, of whatever type, ahead of the type's own handlers */
  constructor(options: Timeouts & OutgoingOptions, all: (message: AnyMessage) => void) {
    this.#timeouts = options;
    const receiver = {
      message: (message: AnyMessage) => {
        all(message);
        this.messages.emit(message.type, message.payload, message);
      },
      event: <E extends keyof RoomEvents>(name: E, event: ClientEvents[E]) => this.events.emit(name, event),
    };
    this.rooms = new Rooms(receiver, options.requestTimeout, () => this.outgoing.pump());
    this.outgoing = new Outgoing(options, (room) => this.rooms.isPending(room));
  }

  /** What the gateway said last when a connection began. */
  get welcome(): Welcome | undefined {
    return this.#welcome;
  }

  /** Messages that were ignored, as they were not what the protocol says. */
  get malformed(): number {
    return this.#malformed;
  }

  /** The gateway has sent something that is ignored. */
  ignored(problem: string): void {
    this.#malformed++;
    this.events.emit("error", new GatewayError("malformed_message", `ignored ${problem}`));
  }

  welcomed(welcome: Welcome): void {
    this.#welcome = welcome;
    this.rooms.welcomed(welcome.rooms);
  }

  connected(link: Link): void {
    this.rooms.connected(link);
    this.outgoing.connected(link);
  }

  away(): void {
    this.rooms.away();
    this.outgoing.away();
  }

  close(error: GatewayError): void {
    this.#closed = error;
    this.rooms.close(error);
    this.outgoing.close(error);
  }

  /** After `close`: there will be a connection after all. */
  reopen(): void {
    this.#closed = undefined;
    this.outgoing.close(undefined);
  }

  async join(room: string): Promise<RoomPosition> {
    if (this.#closed) throw this.#closed;
    return this.rooms.join(room);
  }

  async leave(room: string): Promise<void> {
    if (this.#closed) throw this.#closed;
    return this.rooms.leave(room);
  }

  /** The last message of the room that the application has seen. */
  position(room: string): Position | undefined {
    return this.rooms.position(room);
  }

  /** Says something. An object gets a `message_id`, so that it can be sent again. */
  async send(type: string, payload: unknown): Promise<unknown> {
    if (!isObject(payload) || type === "direct") return this.#ask(type, payload, "never", this.#timeouts.sendTimeout);
    if (REPEATABLE.has(type)) return this.#ask(type, payload, "request", this.#timeouts.sendTimeout);
    const known = typeof payload["message_id"] === "string" ? payload : { ...payload, message_id: this.#ids.next() };
    return this.#ask(type, known, "message", this.#timeouts.sendTimeout);
  }

  /** Asks something. */
  async request(type: string, payload: unknown): Promise<unknown> {
    if (type === "join" || type === "leave") throw new TypeError(`use ${type}()`);
    return this.#ask(type, payload, REPEATABLE.has(type) ? "request" : "never", this.#timeouts.requestTimeout);
  }

  /** The application hears of its own faults by `error`, or else from the console; the process lives on. */
  #handlerFailed(fault: unknown, name: string): void {
    if (name !== "error" && this.events.has("error")) {
      this.events.emit("error", new GatewayError("handler_failed", `a handler of ${name} failed: ${fault instanceof Error ? fault.message : fault}`, undefined, fault));
    } else console.error(`a handler of ${name} failed:`, fault);
  }

  #ask(type: string, payload: unknown, repeat: Repeat, timeout: number): Promise<unknown> {
    return this.outgoing.add(type, payload, repeat, timeout);
  }
}

const isObject = (payload: unknown): payload is Record<string, unknown> => typeof payload === "object" && payload !== null && !Array.isArray(payload);
