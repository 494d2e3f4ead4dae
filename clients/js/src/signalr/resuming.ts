import type { HubConnection } from "@microsoft/signalr";
import { Conversation } from "../conversation.js";
import { GatewayError } from "../errors.js";
import type { EventSource, RoomEvents } from "../events.js";
import { Inbound } from "../inbound.js";
import type { Messages, Position, RoomPosition, Welcome } from "../messages.js";
import type { AnswerOf, MessageOf, Name, PayloadOf, RequestOf, SendOf } from "../names.js";
import { checkNumbers, SHARED_DEFAULTS, type Timeouts } from "../options.js";
import type { OutgoingOptions } from "../outgoing.js";
import type { Published, Requests, Sends } from "../requests.js";
import { HubLink } from "./hub-link.js";

export type ResumeOptions = Timeouts & OutgoingOptions;

/** Messages of the gateway's own. They are all listened to: their offsets count, and the stock client warns of those that nobody wants. */
const BUILT_IN = ["welcome", "chat", "direct", "presence", "system", "metrics"];

/** What SignalR's wrapping takes of the gateway's limit. */
const WRAPPING_BYTES = 128;

/**
 * A stock SignalR connection, with the raw client's rooms and messages on top: each message once and in order, what is said arrives once, over any number
 * of reconnects. Connecting, reconnecting and dead links stay the stock client's.
 */
export class ResumingConnection {
  /** The stock connection. */
  readonly connection: HubConnection;
  readonly #conversation: Conversation;
  readonly #types = new Set<string>();
  #inbound = new Inbound();

  constructor(connection: HubConnection, options: Partial<ResumeOptions> = {}) {
    const all = { ...SHARED_DEFAULTS, maxMessageBytes: SHARED_DEFAULTS.maxMessageBytes - WRAPPING_BYTES, ...options };
    checkNumbers(all);
    this.connection = connection;
    this.#conversation = new Conversation(all, () => {});
    for (const type of BUILT_IN) this.#listen(type);
    connection.onreconnecting(() => {
      this.#inbound = new Inbound();
      this.#conversation.away();
      this.#keepGuestKey();
    });
    connection.onreconnected(() => this.#conversation.connected(new HubLink(connection)));
    connection.onclose((error) => {
      this.#inbound = new Inbound();
      this.#conversation.close(new GatewayError("closed", error?.message ?? "the connection was closed"));
    });
  }

  get welcome(): Welcome | undefined {
    return this.#conversation.welcome;
  }

  /** The rooms that it is in, or is again as soon as it is connected. */
  get rooms(): string[] {
    return this.#conversation.rooms.names;
  }

  /** Messages that were ignored, as they were not what the protocol says; `events.on("error", …)` tells of each. */
  get malformed(): number {
    return this.#conversation.malformed;
  }

  /** The last message of the room that the application has seen. */
  position(room: string): Position | undefined {
    return this.#conversation.position(room);
  }

  readonly events: EventSource<RoomEvents> = {
    on: (name, handler) => this.#conversation.events.on(name, handler),
    off: (name, handler) => this.#conversation.events.off(name, handler),
  };

  /**
   * In place of `connection.on`. What server code sent with several arguments arrives as one array.
   * @returns takes the handler away again
   */
  on<T extends Name<Messages>>(type: T, handler: (payload: PayloadOf<T>, message: MessageOf<T>) => void): () => void {
    this.#listen(type as string);
    return this.#conversation.messages.on(type as string, handler);
  }

  off<T extends Name<Messages>>(type: T, handler: (payload: PayloadOf<T>, message: MessageOf<T>) => void): void {
    this.#conversation.messages.off(type as string, handler);
  }

  /** In place of `connection.start`. After a stop it goes on where it was. */
  async start(): Promise<void> {
    this.#inbound = new Inbound();
    this.#keepGuestKey();
    this.#conversation.reopen();
    await this.connection.start();
    if (this.connection.state === "Connected") this.#conversation.connected(new HubLink(this.connection)); // else it has gone again, and onreconnected comes
  }

  async stop(): Promise<void> {
    this.#conversation.close(new GatewayError("closed", "the connection was stopped"));
    await this.connection.stop();
  }

  /** Enters a room, and enters it again after every reconnect until it is left. */
  join(room: string): Promise<RoomPosition> {
    return this.#conversation.join(room);
  }

  leave(room: string): Promise<void> {
    return this.#conversation.leave(room);
  }

  /** Says something in a room, by default the lobby. */
  chat(content: string, { room }: { room?: string } = {}): Promise<Published> {
    return this.send("chat", room === undefined ? { content } : { room, content });
  }

  /** In place of `invoke("Chat", …)`, `invoke("Direct", …)`, `invoke("Send", type, …)`. */
  send<T extends Name<Sends>>(type: T, payload: SendOf<T>): Promise<Published> {
    return this.#conversation.send(type as string, payload) as Promise<Published>;
  }

  /** In place of `invoke("History", …)` and its like. */
  request<T extends Name<Requests>>(type: T, payload: RequestOf<T>): Promise<AnswerOf<T>> {
    return this.#conversation.request(type as string, payload) as Promise<AnswerOf<T>>;
  }

  #listen(type: string): void {
    if (this.#types.has(type)) return;
    this.#types.add(type);
    this.connection.on(type, (...args: unknown[]) => {
      const payload = args.length === 1 ? args[0] : args.length === 0 ? null : args;
      const problem = this.#inbound.check({ type, payload });
      if (problem !== undefined) return this.#conversation.ignored(problem);
      if (type === "welcome") this.#conversation.welcomed(payload as Welcome);
      this.#conversation.rooms.receive({ type, payload });
    });
  }

  /** An anonymous user has to come back as the same one, or the gateway would not know its messages again. */
  #keepGuestKey(): void {
    const key = this.welcome?.guest_key;
    if (key === undefined) return;
    const url = new URL(this.connection.baseUrl);
    url.searchParams.set("guest_key", key);
    this.connection.baseUrl = url.href;
  }
}
