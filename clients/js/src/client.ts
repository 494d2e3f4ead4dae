import { Conversation } from "./conversation.js";
import { Connector } from "./connector.js";
import { endpoint } from "./endpoint.js";
import { GatewayError } from "./errors.js";
import type { ClientEvents, EventSource, State } from "./events.js";
import type { AnyMessage, Message, Messages, Position, RoomPosition, Welcome } from "./messages.js";
import type { AnswerOf, MessageOf, Name, PayloadOf, RequestOf, SendOf } from "./names.js";
import { complete, type ClientOptions } from "./options.js";
import type { Published, Requests, Sends } from "./requests.js";
import { Unread } from "./unread.js";

/**
 * A client of the raw dialect. It connects and reconnects by itself. The application gets each message of its rooms once and in order, and each message that
 * it sends arrives once, over any number of connections. Every promise settles.
 */
export class GatewayClient implements AsyncIterable<Message> {
  readonly #conversation: Conversation;
  readonly #connector: Connector;
  readonly #loops = new Set<Unread<AnyMessage>>();
  readonly #maxUnread: number;
  #end: { error: GatewayError | undefined } | undefined;

  /**
   * @param url the gateway's raw endpoint, such as `wss://example.org/ws`
   * @throws TypeError if the address or an option is invalid
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

  /** The welcome of the last connection; undefined before the first one. */
  get welcome(): Welcome | undefined {
    return this.#conversation.welcome;
  }

  /** The secret of the anonymous user, see the option `guestKey`. */
  get guestKey(): string | undefined {
    return this.#connector.guestKey;
  }

  /** The rooms that the client is in, or enters again as soon as it is connected. */
  get rooms(): string[] {
    return this.#conversation.rooms.names;
  }

  /** How many malformed messages were ignored; `events.on("error", …)` reports each. */
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

  /** @returns a function that removes the handler */
  on<T extends Name<Messages>>(type: T, handler: (payload: PayloadOf<T>, message: MessageOf<T>) => void): () => void {
    return this.#conversation.messages.on(type as string, handler);
  }

  off<T extends Name<Messages>>(type: T, handler: (payload: PayloadOf<T>, message: MessageOf<T>) => void): void {
    this.#conversation.messages.off(type as string, handler);
  }

  /**
   * Enters a room, and enters it again on every new connection until you leave it.
   * @returns the position after which messages follow
   */
  join(room: string): Promise<RoomPosition> {
    return this.#conversation.join(room);
  }

  leave(room: string): Promise<void> {
    return this.#conversation.leave(room);
  }

  /** Sends a chat message to a room, by default the lobby. */
  chat(content: string, { room }: { room?: string } = {}): Promise<Published> {
    return this.send("chat", room === undefined ? { content } : { room, content });
  }

  /** Sends a message of any type that clients may send. Resolves when the gateway has accepted it. */
  send<T extends Name<Sends>>(type: T, payload: SendOf<T>): Promise<Published> {
    return this.#conversation.send(type as string, payload) as Promise<Published>;
  }

  /** Sends a request to the gateway. */
  request<T extends Name<Requests>>(type: T, payload: RequestOf<T>): Promise<AnswerOf<T>> {
    return this.#conversation.request(type as string, payload) as Promise<AnswerOf<T>>;
  }

  /**
   * Reads every message from now on, in a `for await` loop. It ends with the client, and fails if the client was closed for a reason or if the loop is too slow.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<Message> {
    const loop = new Unread<AnyMessage>(this.#maxUnread, (self) => this.#loops.delete(self));
    if (this.#end) loop.end(this.#end.error);
    else this.#loops.add(loop);
    return loop as AsyncIterableIterator<Message>;
  }

  /** Replaces the current connection with a new one. If the client waits before the next attempt, it stops waiting. */
  reconnect(): void {
    this.#connector.reconnect();
  }

  /** Closes the client for good. Calls without a reply fail with `closed`. */
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
