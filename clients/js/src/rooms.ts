import { GatewayError, LinkLost, Unanswered } from "./errors.js";
import { joinAnswer } from "./inbound.js";
import type { Link } from "./link.js";
import type { AnyMessage, Position, RoomPosition } from "./messages.js";
import { pause } from "./pause.js";
import { gapIn, roomOf } from "./place.js";
import { Room, type Receiver } from "./room.js";
import { Turnstile } from "./turnstile.js";
import { within } from "./within.js";

interface Wish {
  room: Room;
  /** Settles when the room is entered for the first time, or will not be. */
  first: Promise<RoomPosition>;
  resolve(position: RoomPosition): void;
  reject(error: GatewayError): void;
  wasIn: boolean;
}

/** What passes by itself: too many messages, a fault, the backplane away. */
const PASSING = new Set([429, 500, 503]);
const RETRY_DELAY = 1000;

/** Rooms that are entered or left at a time. */
const AT_ONCE = 16;

interface Connected {
  link: Link;
  over: AbortController;
  turnstile: Turnstile;
}

/** The rooms that the application wants to be in. On each connection they are entered again, each from where the application has come to. */
export class Rooms {
  readonly #wishes = new Map<string, Wish>();
  readonly #to: Receiver;
  readonly #timeout: number;
  readonly #changed: () => void;
  #link: Connected | undefined;
  /** Where the present connection was in from the start, and from which place on. */
  #entered = new Map<string, Position | undefined>();
  /** Rooms in which connections begin, whether they are wanted or not. */
  readonly #auto = new Set<string>();

  /** @param changed is called when a room has become free for what is to be sent there */
  constructor(to: Receiver, timeout: number, changed: () => void) {
    this.#to = to;
    this.#timeout = timeout;
    this.#changed = changed;
  }

  get names(): string[] {
    return [...this.#wishes.values()].filter((wish) => wish.wasIn).map((wish) => wish.room.name);
  }

  position(name: string): Position | undefined {
    return this.#wishes.get(name)?.room.position;
  }

  /** The room is wanted, and this connection is not in it yet: what is sent there has to wait. */
  isPending(name: string): boolean {
    return this.#wishes.get(name)?.room.isIn === false;
  }

  join(name: string): Promise<RoomPosition> {
    let wish = this.#wishes.get(name);
    if (!wish) {
      wish = this.#wish(name);
      if (this.#link) void this.#enter(wish);
    }
    const asked = wish;
    return within(asked.first, this.#timeout, `room ${name} was not entered`).catch((fault: GatewayError) => {
      if (fault.code === "timeout") this.leave(name).catch(() => {}); // whoever is told that it is not in is not in
      throw fault;
    });
  }

  /** Messages of the room may still come until this is done. */
  async leave(name: string): Promise<void> {
    const wish = this.#wishes.get(name);
    this.#wishes.delete(name);
    wish?.reject(new GatewayError("left", `room ${name} was left`));
    this.#changed();
    if (this.#link) await within(this.#quit(name, this.#link, wish !== undefined), this.#timeout, `room ${name} was not left`);
  }

  /** What the gateway says first on a connection. The rooms in which it begins are wanted, unless they were left before. */
  welcomed(rooms: readonly RoomPosition[]): void {
    for (const entry of rooms) {
      const { room: name, epoch, offset } = entry;
      this.#entered.set(name, epoch === undefined || offset === undefined ? undefined : { epoch, offset });
      const wish = this.#wishes.get(name);
      if (wish) {
        if (!wish.room.isIn) wish.room.away(); // what an attempt brought that then failed
        continue;
      }
      if (this.#auto.has(name)) this.#quitUnwanted(name);
      else this.#adopt(entry);
      this.#auto.add(name);
    }
  }

  /** There is a new connection. */
  connected(link: Link): void {
    const over = new AbortController();
    this.#link = { link, over, turnstile: new Turnstile(AT_ONCE, over.signal) };
    for (const name of this.#entered.keys()) this.#quitUnwanted(name);
    for (const wish of this.#wishes.values()) if (!wish.room.isIn) void this.#enter(wish);
  }

  /** The connection has gone, and whatever it still brings is not listened to. */
  away(): void {
    this.#link?.over.abort();
    this.#link = undefined;
    this.#entered.clear();
    for (const { room } of this.#wishes.values()) room.away();
  }

  receive(message: AnyMessage): void {
    const name = roomOf(message);
    const wish = name === undefined ? undefined : this.#wishes.get(name);
    if (wish) return wish.room.receive(message);
    const gap = gapIn(message);
    if (gap) this.#to.event("gap", { room: gap.room, reason: gap.reason ?? "slow consumer", epoch: undefined, from: gap.from, to: gap.to, missed: gap.missed });
    this.#to.message(message);
  }

  /** There will be no connection. Those rooms are kept that the client was in, should there be one all the same. */
  close(error: GatewayError): void {
    this.away();
    for (const [name, wish] of [...this.#wishes]) {
      wish.reject(error);
      if (!wish.wasIn) this.#wishes.delete(name);
    }
  }

  #wish(name: string): Wish {
    const wish = { room: new Room(name, this.#to), wasIn: false } as Wish;
    wish.first = new Promise((resolve, reject) => Object.assign(wish, { resolve, reject }));
    wish.first.catch(() => {}); // whoever asked hears of it; nobody may be listening any more
    this.#wishes.set(name, wish);
    return wish;
  }

  #adopt(entry: RoomPosition): void {
    const wish = this.#wish(entry.room);
    wish.room.entered(entry);
    this.#isIn(wish);
  }

  #isIn(wish: Wish): void {
    wish.wasIn = true;
    wish.resolve({ room: wish.room.name, ...wish.room.position });
  }

  async #enter(wish: Wish): Promise<void> {
    const { link, over, turnstile } = this.#link!;
    const { room } = wish;
    const isOff = () => over.signal.aborted || this.#wishes.get(room.name) !== wish;
    while (!isOff()) {
      try {
        const since = room.position;
        const answer = joinAnswer(await turnstile.pass(() => {
          if (isOff()) throw new LinkLost("it is not wanted any more");
          return link.call("join", since ? { room: room.name, since } : { room: room.name });
        }));
        if (isOff()) return;
        room.entered(answer, this.#entered.get(room.name));
        this.#isIn(wish);
        return this.#changed();
      } catch (fault) {
        if (isOff() || fault instanceof LinkLost) return; // the next connection enters it
        const error = fault as GatewayError;
        if (!(fault instanceof Unanswered || PASSING.has(error.code as number))) return this.#refused(wish, error);
        if (error.code !== 429) await pause(RETRY_DELAY, over.signal); // the turnstile sees to the 429
      }
    }
  }

  #refused(wish: Wish, error: GatewayError): void {
    this.#wishes.delete(wish.room.name);
    wish.reject(error);
    this.#changed(); // what is to be sent there gets the same answer
    if (wish.wasIn) this.#to.event("left", { room: wish.room.name, error });
  }

  #quitUnwanted(name: string): void {
    if (this.#link && !this.#wishes.has(name)) this.#quit(name, this.#link, true).catch(() => {}); // nobody asked just now
  }

  /** @param wasWanted then it is no error not to be in */
  async #quit(name: string, { link, over, turnstile }: Connected, wasWanted: boolean): Promise<void> {
    while (!over.signal.aborted && !this.#wishes.has(name)) {
      try {
        await turnstile.pass(() => link.call("leave", { room: name }));
        return;
      } catch (fault) {
        if (fault instanceof LinkLost) return; // out with the connection
        const error = fault as GatewayError;
        if (error.code === 404 && wasWanted) return;
        if (fault instanceof Unanswered) await pause(RETRY_DELAY, over.signal);
        else if (error.code !== 429) throw error;
      }
    }
  }
}
