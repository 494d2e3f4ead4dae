export interface HeartbeatOptions {
  /** After so many milliseconds in which nothing came the gateway is asked whether it is there. */
  heartbeatInterval: number;
  /** If then nothing comes for so long, the connection is dead. */
  heartbeatTimeout: number;
}

/** Notices a link that is dead though nobody has said so: a cable that was pulled, a network that was changed. */
export class Heartbeat {
  readonly #options: HeartbeatOptions;
  readonly #ask: () => void;
  readonly #dead: () => void;
  #timer: ReturnType<typeof setTimeout>;
  #heard = performance.now();
  #asked = false;

  constructor(options: HeartbeatOptions, ask: () => void, dead: () => void) {
    this.#options = options;
    this.#ask = ask;
    this.#dead = dead;
    this.#timer = setTimeout(() => this.#look(), options.heartbeatInterval);
  }

  /** Something came, whatever it was. */
  heard(): void {
    this.#heard = performance.now();
    this.#asked = false;
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #look(): void {
    const left = this.#options.heartbeatInterval - (performance.now() - this.#heard);
    if (left > 0) return this.#lookIn(left);
    if (this.#asked) return this.#dead();
    this.#asked = true;
    this.#lookIn(this.#options.heartbeatTimeout);
    this.#ask();
  }

  #lookIn(ms: number): void {
    this.#timer = setTimeout(() => this.#look(), ms);
  }
}
