import { backoff } from "./backoff.js";
import { address } from "./endpoint.js";
import { errorOf, isForGood, type Ending } from "./ending.js";
import { GatewayError } from "./errors.js";
import type { State, StateChange } from "./events.js";
import type { AnyMessage, Welcome } from "./messages.js";
import type { ClientOptions, TokenSource } from "./options.js";
import { pause } from "./pause.js";
import { whyRefused } from "./refusal.js";
import { Socket } from "./socket.js";
import { within } from "./within.js";

export interface ConnectorHandlers {
  state(change: StateChange): void;
  /** The gateway has said welcome on a new connection. */
  opened(socket: Socket, welcome: Welcome): void;
  message(message: AnyMessage): void;
  /** Something came that is ignored. */
  malformed(problem: string): void;
  /** The connection has gone: nothing more comes on it. */
  ended(ending: Ending): void;
  /** For good. No error after `close()`. */
  closed(error: GatewayError | undefined): void;
}

/** Keeps one connection standing: makes it, and makes it anew whenever it has gone, until that has no sense any more. */
export class Connector {
  readonly #endpoint: URL;
  readonly #options: ClientOptions;
  readonly #handlers: ConnectorHandlers;
  readonly #closing = new AbortController();
  /** Stops waiting for the next attempt. */
  #hurry = new AbortController();
  #socket: Socket | undefined;
  #guestKey: string | undefined;
  #state: State = "connecting";
  #failures = 0;
  readonly #done: Promise<void>;
  readonly #closed = new Promise<never>((_, reject) => this.#closing.signal.addEventListener("abort", () => reject(new GatewayError("closed", "the client was closed"))));

  constructor(endpoint: URL, options: ClientOptions, handlers: ConnectorHandlers) {
    this.#endpoint = endpoint;
    this.#options = options;
    this.#handlers = handlers;
    this.#guestKey = options.guestKey;
    this.#closed.catch(() => {}); // most of the time nobody waits for it
    this.#done = this.#run();
  }

  get state(): State {
    return this.#state;
  }

  get guestKey(): string | undefined {
    return this.#guestKey;
  }

  /** Gives up the present connection for a new one; or, if there is none, waits no longer. */
  reconnect(): void {
    this.#hurry.abort();
    this.#socket?.end({ kind: "shutdown", reason: "reconnecting" });
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#hurry.abort();
    this.#socket?.end({ kind: "left", reason: "the client was closed" });
    await this.#done;
    await this.#socket?.closed;
  }

  async #run(): Promise<void> {
    await Promise.resolve(); // whoever made us registers handlers first
    let error: GatewayError | undefined;
    for (;;) {
      if (this.#closing.signal.aborted) return this.#end(undefined);
      this.#set(error);
      const began = performance.now();
      const ending = await this.#connect();
      if (this.#closing.signal.aborted) return this.#end(undefined);
      error = errorOf(ending);
      if (isForGood(ending, typeof this.#options.token === "function")) return this.#end(error);
      if (ending.kind !== "refused" && performance.now() - began >= this.#options.stableAfter) this.#failures = 0;
      if (this.#failures >= this.#options.maxReconnectAttempts) return this.#end(error);
      await this.#wait(error);
      this.#failures++;
    }
  }

  /** One connection, from the first step to its end. */
  async #connect(): Promise<Ending> {
    this.#hurry = new AbortController();
    let token: string | undefined;
    try {
      token = await within(Promise.race([tokenOf(this.#options.token), this.#closed]), this.#options.connectTimeout, "it was not there");
    } catch (fault) {
      return { kind: "refused", reason: `no token: ${fault instanceof Error ? fault.message : fault}` };
    }
    if (this.#closing.signal.aborted) return { kind: "left", reason: "" };
    const url = address(this.#endpoint, { username: this.#options.username, guestKey: this.#guestKey });
    const ending = await this.#live(url, token).catch((fault: Error): Ending => ({ kind: "impossible", reason: fault.message }));
    if (ending.kind !== "refused" || !this.#options.fetch) return ending;
    return (await whyRefused(url, token, this.#options.fetch, this.#options.connectTimeout, this.#closing.signal)) ?? ending;
  }

  #live(url: string, token: string | undefined): Promise<Ending> {
    return new Promise((resolve) => {
      let isWelcome = false;
      const socket: Socket = new Socket(url, token, this.#options.WebSocket, this.#options, {
        message: (message) => {
          if (message.type === "welcome") {
            isWelcome = true;
            clearTimeout(late);
            this.#opened(socket, message.payload as Welcome);
          }
          this.#handlers.message(message);
        },
        malformed: (problem) => this.#handlers.malformed(problem),
        ended: (ending) => {
          clearTimeout(late);
          if (isWelcome) {
            this.#state = "reconnecting";
            this.#handlers.ended(ending);
          }
          resolve(ending);
        },
      });
      this.#socket = socket;
      const late = setTimeout(() => socket.end({ kind: "dead", reason: `no welcome within ${this.#options.connectTimeout} ms` }), this.#options.connectTimeout);
    });
  }

  #opened(socket: Socket, welcome: Welcome): void {
    this.#guestKey = welcome.guest_key ?? this.#guestKey;
    this.#state = "open";
    this.#handlers.opened(socket, welcome);
    this.#handlers.state({ state: "open", failures: this.#failures });
  }

  #set(error: GatewayError | undefined, delay?: number): void {
    this.#handlers.state({ state: this.#state, failures: this.#failures, ...(delay !== undefined && { delay }), ...(error && { error }) });
  }

  async #wait(error: GatewayError): Promise<void> {
    const delay = backoff(this.#failures, this.#options);
    this.#set(error, delay);
    await pause(delay, this.#hurry.signal);
  }

  #end(error: GatewayError | undefined): void {
    this.#state = "closed";
    this.#handlers.closed(error);
    this.#handlers.state({ state: "closed", failures: this.#failures, ...(error && { error }) });
  }
}

const tokenOf = async (source: TokenSource | undefined): Promise<string | undefined> => (typeof source === "function" ? source() : source);
