import { GatewayError } from "./errors.js";
import { pause } from "./pause.js";

const RETRY_DELAY = 1000;

/**
 * Lets calls through, so many at a time. When the gateway says that it was too much, everyone pauses for as long as it said, and then they go one by one, twice as
 * many with each that succeeds: whoever were to come back all at once would be refused again, and in the end be closed for flooding.
 */
export class Turnstile {
  readonly #most: number;
  readonly #over: AbortSignal;
  #allowed: number;
  #inside = 0;
  #paused: Promise<void> | undefined;
  #waiting: (() => void)[] = [];

  /** @param over the connection has gone: nobody waits any more */
  constructor(most: number, over: AbortSignal) {
    this.#most = this.#allowed = most;
    this.#over = over;
    over.addEventListener("abort", () => this.#wake());
  }

  /** @param call fails by itself if the connection has gone */
  async pass<T>(call: () => Promise<T>): Promise<T> {
    while (!this.#over.aborted && (this.#paused || this.#inside >= this.#allowed)) await (this.#paused ?? new Promise<void>((go) => this.#waiting.push(go)));
    this.#inside++;
    try {
      const answer = await call();
      this.#allowed = Math.min(this.#allowed * 2, this.#most);
      return answer;
    } catch (fault) {
      if (fault instanceof GatewayError && fault.code === 429) this.#slowDown(fault.retryAfterMs ?? RETRY_DELAY);
      throw fault;
    } finally {
      this.#inside--;
      this.#wake();
    }
  }

  #slowDown(ms: number): void {
    this.#allowed = 1;
    this.#paused ??= pause(ms, this.#over).then(() => {
      this.#paused = undefined;
      this.#wake();
    });
  }

  #wake(): void {
    for (const go of this.#waiting.splice(0)) go();
  }
}
