import type { RoomEvents } from "./events.js";
import type { AnyMessage, GapNotice, Position } from "./messages.js";
import { gapIn, offsetIn } from "./place.js";
import type { JoinAnswer } from "./requests.js";

/** Where a room's messages and events go. */
export interface Receiver {
  message(message: AnyMessage): void;
  event<E extends keyof RoomEvents>(name: E, event: RoomEvents[E]): void;
}

/**
 * One room as the application has seen it: how far it has come in the room's sequence, so that it gets every message once and in order, over any number
 * of connections. Between entering and the answer to it messages wait, because only the answer says which epoch they belong to.
 */
export class Room {
  readonly name: string;
  readonly #to: Receiver;
  #seen: Position | undefined;
  #held: AnyMessage[] | undefined = [];

  constructor(name: string, to: Receiver) {
    this.name = name;
    this.#to = to;
  }

  /** The last message that the application has seen; nothing in a room without offsets, and before the first answer. */
  get position(): Position | undefined {
    return this.#seen && { ...this.#seen };
  }

  /** The connection is in the room, and what comes is passed on. */
  get isIn(): boolean {
    return this.#held === undefined;
  }

  /** The connection has gone. What it brought and nobody has seen will come again. */
  away(): void {
    this.#held = [];
  }

  receive(message: AnyMessage): void {
    if (this.#held) this.#held.push(message);
    else this.#pass(message);
  }

  /**
   * The room was entered.
   * @param entered where the connection's own messages of the room begin, if it was in ahead of asking; those that were missed then come after newer ones
   */
  entered(answer: JoinAnswer, entered?: Position): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    const start = entered ?? placeIn(answer);
    const since = this.#seen;
    if (since && start) this.#goOn(held, since, start, answer);
    else this.#seen = start && { ...start };
    for (const message of held) this.#pass(message);
    if (since) this.#to.event("resumed", { room: this.name, recovered: answer.recovered === true, replayed: answer.replayed ?? 0 });
  }

  /** Passes on what was missed, and leaves what is newer than `start`. */
  #goOn(held: AnyMessage[], since: Position, start: Position, { recovered, replayed = 0, reason = "unknown" }: JoinAnswer): void {
    const until = recovered ? start.offset : since.offset + replayed;
    const isMissed = (message: AnyMessage) => placeOf(message) > since.offset && placeOf(message) <= until;
    const missed = recovered || replayed > 0 ? held.filter(isMissed) : [];
    const newer = missed.length > 0 ? held.filter((message) => !isMissed(message)) : held;
    for (const message of missed) this.#pass(message);
    held.splice(0, Infinity, ...newer);
    if (recovered) return this.#advance(start.offset); // up to here everything has come that was for us

    const to = start.epoch === since.epoch ? start.offset : undefined;
    this.#to.event("gap", { room: this.name, reason, epoch: since.epoch, from: until + 1, to, missed: undefined });
    this.#seen = { ...start };
  }

  #pass(message: AnyMessage): void {
    const gap = gapIn(message);
    if (gap) return this.#gap(message, gap);
    const offset = offsetIn(message);
    if (offset !== undefined && this.#seen) {
      if (offset <= this.#seen.offset) return; // seen already
      this.#seen.offset = offset;
    }
    this.#to.message(message);
  }

  #gap(message: AnyMessage, gap: GapNotice): void {
    this.#to.event("gap", { room: this.name, reason: gap.reason ?? "slow consumer", epoch: this.#seen?.epoch, from: gap.from, to: gap.to, missed: gap.missed });
    if (gap.epoch !== undefined && gap.offset !== undefined) this.#seen = { epoch: gap.epoch, offset: gap.offset };
    else if (gap.to !== undefined) this.#advance(gap.to);
    this.#to.message(message);
  }

  #advance(offset: number): void {
    if (this.#seen && offset > this.#seen.offset) this.#seen.offset = offset;
  }
}

const placeIn = ({ epoch, offset }: JoinAnswer): Position | undefined => (epoch !== undefined && offset !== undefined ? { epoch, offset } : undefined);

/** A gap stands where the first of the missing messages would. */
const placeOf = (message: AnyMessage): number => gapIn(message)?.from ?? offsetIn(message) ?? Infinity;
