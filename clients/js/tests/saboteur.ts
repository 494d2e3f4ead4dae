import type { Proxy } from "./proxy.js";

/** Breaks connections in all the ways that a proxy can, spread over a run; the same in every run. */
export class Saboteur {
  readonly #proxies: Proxy[];
  #seed = 20_261_120;
  #turn = 0;

  constructor(...proxies: Proxy[]) {
    this.#proxies = proxies;
  }

  /** How many connections it has broken. */
  get drops(): number {
    return this.#proxies.reduce((sum, proxy) => sum + proxy.drops, 0);
  }

  strike(): void {
    const proxy = this.#proxies[this.#turn % this.#proxies.length]!;
    const way = Math.floor(this.#turn++ / this.#proxies.length) % 3;
    proxy.delay = this.#random(3) === 0 ? 2 : 0;
    if (way === 0) proxy.drop();
    else proxy.cutAfter(this.#random(way === 1 ? 300 : 5000)); // now, in the middle of a frame; or later, perhaps of a replay
  }

  /** The same numbers each time (Numerical Recipes' linear congruential generator). */
  #random(below: number): number {
    this.#seed = (Math.imul(this.#seed, 1_664_525) + 1_013_904_223) >>> 0;
    return this.#seed % below;
  }
}
