import { Conversation } from "./conversation.js";
import { Connector } from "./connector.js";
import { endpoint } from "./endpoint.js";
import { GatewayError } from "./errors.js";
import type { ClientEvents, EventSource, State } from "./events.js";
import type { AnyMessage, Message, Messages, Position, RoomPosition, Welcome } from "./messages.js";
import type { AnswerOf, MessageOf, Name, PayloadOf, QuestionOf, SendOf } from "./names.js";
import { complete, type ClientOptions } from "./options.js";
import type { Published, Requests, Sends } from "./requests.js";
import { Unread } from "./unread.js";

/**
 * A client of the raw dialect. Connects by itself and stays connected; the application gets each message of its rooms once and in order, and what it
 * says arrives once, over any number of connections. Every promise settles.
 */
export class GatewayClient implements AsyncIterable<Message> {
  readonly #conversation: Conversation;
  readonly #connector: Connector;
  readonly #loops = new Set<Unread<AnyMessage>>();
  readonly #maxUnread: number;
  #end: { error: GatewayError | undefined } | undefined;

  /**
   * @param url of the gateway's raw endpoint, such as `wss://example.org/ws`
   * @throws TypeError the address or an option is wrong
   */
  constructor(url: string | URL, options: Partial<ClientOptions> = {}) {
    const all = complete(options);
    this.#maxUnread = all.maxUnread;
    this.#conversation = new Conversation(all, (message) => {
      for (const loop of [...this.#loops]) loop.add(message);
    });
    this.#connector = new Connector(endpoint(url), all, {
      state: (change) => this.#conversation.events.emit("state", change),
      opened: (socket, welcome) => {
        this.#conversation.welcomed(welcome);
        this.#conversation.connected(socket);
      },
      message: (message) => this.#conversation.rooms.receive(message),
      malformed: (problem) => this.#conversation.ignored(problem),
      ended: (ending) => {
        if (ending.kind === "closed" && ending.code === 1009) this.#conversation.outgoing.refuseBiggest(new GatewayError(413, ending.reason));
        this.#conversation.away();
      },
      closed: (error) => this.#closed(error),
    });
  }

  get state(): State {
    return this.#connector.state;
  }

  /** Who and where this client is; of the last connection, and nothing before the first one. */
  get welcome(): Welcome | undefined {
    return this.#conversation.welcome;
  }

  /** A secret: whoever connects with it (option `guestKey`) is the same anonymous user. */
  get guestKey(): string | undefined {
    return this.#connector.guestKey;
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

  readonly events: EventSource<ClientEvents> = {
    on: (name, handler) => this.#conversation.events.on(name, handler),
    off: (name, handler) => this.#conversation.events.off(name, handler),
  };

  /** @returns takes the handler away again */
  on<T extends Name<Messages>>(type: T, handler: (payload: PayloadOf<T>, message: MessageOf<T>) => void): () => void {
    return this.#conversation.messages.on(type as string, handler);
  }

  off<T extends Name<Messages>>(type: T, handler: (payload: PayloadOf<T>, message: MessageOf<T>) => void): void {
    this.#conversation.messages.off(type as string, handler);
  }

  /**
   * Enters a room, and enters it again on every new connection until it is left.
   * @returns the place after which messages come
   */
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

  /** Says something of any type that clients may send. Resolves when the gateway has taken it. */
  send<T extends Name<Sends>>(type: T, payload: SendOf<T>): Promise<Published> {
    return this.#conversation.send(type as string, payload) as Promise<Published>;
  }

  /** Asks the gateway something. */
  request<T extends Name<Requests>>(type: T, payload: QuestionOf<T>): Promise<AnswerOf<T>> {
    return this.#conversation.request(type as string, payload) as Promise<AnswerOf<T>>;
  }

  /**
   * Every message from now on, for a `for await` loop. Ends with the client; fails if that was closed for a reason, or if the loop is slower than the messages.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<Message> {
    const loop = new Unread<AnyMessage>(this.#maxUnread, (self) => this.#loops.delete(self));
    if (this.#end) loop.end(this.#end.error);
    else this.#loops.add(loop);
    return loop as AsyncIterableIterator<Message>;
  }

  /** Gives up the present connection for a new one; or, while it waits before the next attempt, waits no longer. */
  reconnect(): void {
    this.#connector.reconnect();
  }

  /** Ends the connection for good. What was not answered fails with `closed`. */
  close(): Promise<void> {
    this.#closed(undefined);
    return this.#connector.close();
  }

  #closed(error: GatewayError | undefined): void {
    if (this.#end) return;
    this.#end = { error };
    this.#conversation.close(error ? new GatewayError("closed", `the client was closed: ${error.message}`) : new GatewayError("closed", "the client was closed"));
    for (const loop of [...this.#loops]) loop.end(error);
  }
}
