import { write } from "./envelope.js";
import { GatewayError, LinkLost, Unanswered } from "./errors.js";
import type { Link } from "./link.js";
import { roomOfCommand } from "./place.js";

export interface OutgoingOptions {
  /** Messages and requests that may wait or be under way; more are refused with `outgoing_overflow`. */
  maxQueued: number;
  /** How many may be under way, that is sent and not answered yet. */
  maxInFlight: number;
  /** What a message may weigh as JSON, in bytes; 0 for no limit. The gateway closes the connection on more than its own limit. */
  maxMessageBytes: number;
}

/** What becomes of a command that was under way when the connection went. */
export type Repeat =
  /** It can be asked again: a request that only reads. Any fault is for the asker. */
  | "request"
  /** It can be sent again: the gateway knows it by its `message_id`. Waits out a backplane that is away. */
  | "message"
  /** It cannot: it would arrive twice. */
  | "never";

interface Entry {
  type: string;
  payload: unknown;
  room: string | undefined;
  repeat: Repeat;
  timer: ReturnType<typeof setTimeout>;
  /** A wall clock's time: timers stand still while a machine sleeps. */
  deadline: number;
  /** The connection on which it is under way. */
  on: Link | undefined;
  resolve(answer: unknown): void;
  reject(error: Error): void;
}

/** The pause after a 503, a 429 that names none, and a request that failed. */
const RETRY_DELAY = 1000;

/**
 * What the application has said and nobody has answered yet, in its order. Outlives connections: what is under way when one goes is sent again on the
 * next, and what is about a room waits until the room is entered.
 */
export class Outgoing {
  readonly #options: OutgoingOptions;
  readonly #isPending: (room: string) => boolean;
  readonly #entries = new Set<Entry>();
  #inFlight = 0;
  /** How many may be under way just now: one after a 429, and twice as many with each success. All at once would be refused again, and in the end be closed for flooding. */
  #allowed: number;
  #link: Link | undefined;
  #paused: ReturnType<typeof setTimeout> | undefined;
  #closed: GatewayError | undefined;

  /** @param isPending a room that is being entered: what is about it waits */
  constructor(options: OutgoingOptions, isPending: (room: string) => boolean) {
    this.#options = options;
    this.#allowed = options.maxInFlight;
    this.#isPending = isPending;
  }

  get size(): number {
    return this.#entries.size;
  }

  add(type: string, payload: unknown, repeat: Repeat, timeout: number): Promise<unknown> {
    const { maxQueued, maxMessageBytes } = this.#options;
    if (this.#closed) return Promise.reject(this.#closed);
    if (this.#entries.size >= maxQueued) return Promise.reject(new GatewayError("outgoing_overflow", `${maxQueued} messages wait to be sent already`));
    if (maxMessageBytes > 0 && weightOf(type, payload) > maxMessageBytes) return Promise.reject(new GatewayError(413, `the message has more than ${maxMessageBytes} bytes`));
    return new Promise((resolve, reject) => {
      const entry = { type, payload, repeat, room: roomOfCommand(type, payload), deadline: Date.now() + timeout, on: undefined, resolve, reject } as unknown as Entry;
      entry.timer = setTimeout(() => this.#expire(entry), timeout);
      this.#entries.add(entry);
      this.pump();
    });
  }

  connected(link: Link): void {
    this.#link = link;
    this.#allowed = this.#options.maxInFlight;
    this.pump();
  }

  /** The connection has gone. */
  away(): void {
    this.#link = undefined;
    this.#resume();
    for (const entry of this.#entries) if (entry.on) this.#lost(entry);
  }

  /** The gateway has closed the connection because a message was too big for it: the biggest of those under way. */
  refuseBiggest(error: GatewayError): void {
    const weights = [...this.#entries].filter((entry) => entry.on).map((entry) => ({ entry, weight: weightOf(entry.type, entry.payload) }));
    const biggest = weights.reduce((a, b) => (b.weight > a.weight ? b : a), weights[0]!);
    if (biggest) this.#settle(biggest.entry, () => biggest.entry.reject(error));
  }

  /** @param error whatever is or will be asked fails with; nothing: all is well again */
  close(error: GatewayError | undefined): void {
    this.#closed = error;
    if (!error) return;
    this.#link = undefined;
    this.#resume();
    for (const entry of [...this.#entries]) this.#settle(entry, () => entry.reject(error));
  }

  /** Sends what can be sent. */
  pump(): void {
    if (!this.#link || this.#paused !== undefined) return;
    for (const entry of this.#entries) {
      if (this.#inFlight >= this.#allowed) return;
      if (entry.on || (entry.room !== undefined && this.#isPending(entry.room))) continue;
      if (Date.now() >= entry.deadline) this.#expire(entry);
      else void this.#send(entry, this.#link);
    }
  }

  async #send(entry: Entry, link: Link): Promise<void> {
    entry.on = link;
    this.#inFlight++;
    try {
      const answer = await link.call(entry.type, entry.payload);
      this.#allowed = Math.min(this.#allowed * 2, this.#options.maxInFlight);
      if (entry.on === link) this.#settle(entry, () => entry.resolve(answer));
    } catch (fault) {
      if (entry.on !== link) return; // settled, or sent again meanwhile
      if (fault instanceof LinkLost) {
        if (this.#link === link) this.#link = undefined; // dead: nothing more on this one
        this.#lost(entry);
      } else if (fault instanceof Unanswered) {
        this.#lost(entry);
        this.#pause(RETRY_DELAY);
      } else this.#refused(entry, fault as GatewayError);
    }
    this.pump();
  }

  #refused(entry: Entry, error: GatewayError): void {
    const passes = error.code === 429 || (error.code === 503 && entry.repeat === "message");
    if (!passes || Date.now() >= entry.deadline) return this.#settle(entry, () => entry.reject(error));
    this.#wait(entry);
    if (error.code === 429) this.#allowed = 1;
    this.#pause(error.retryAfterMs ?? RETRY_DELAY);
  }

  /** All of them pause: whatever went ahead of the one that has to be sent again would be heard before it. */
  #pause(ms: number): void {
    this.#paused ??= setTimeout(() => {
      this.#resume();
      this.pump();
    }, ms);
  }

  #lost(entry: Entry): void {
    if (entry.repeat !== "never") return this.#wait(entry);
    this.#settle(entry, () => entry.reject(new GatewayError("outcome_unknown", `the connection was lost before the answer to ${entry.type} came`)));
  }

  #expire(entry: Entry): void {
    this.#settle(entry, () => entry.reject(new GatewayError("timeout", `no answer to ${entry.type} in time`)));
    this.pump();
  }

  /** Back to those that wait, in its place. */
  #wait(entry: Entry): void {
    entry.on = undefined;
    this.#inFlight--;
  }

  #settle(entry: Entry, tell: () => void): void {
    if (!this.#entries.delete(entry)) return;
    if (entry.on) this.#wait(entry);
    clearTimeout(entry.timer);
    tell();
  }

  #resume(): void {
    clearTimeout(this.#paused);
    this.#paused = undefined;
  }
}

const encoder = new TextEncoder();

const weightOf = (type: string, payload: unknown): number => encoder.encode(write(type, payload, Number.MAX_SAFE_INTEGER)).length;
