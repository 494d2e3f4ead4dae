import { GatewayError } from "./errors.js";

interface Waiting<T> {
  resolve(result: IteratorResult<T>): void;
  reject(fault: Error): void;
}

/** The messages that one `for await` has not taken yet. Bounded: a loop that is too slow ends with an error, not with gaps. */
export class Unread<T> implements AsyncIterableIterator<T> {
  readonly #max: number;
  readonly #over: (self: Unread<T>) => void;
  #items: T[] = [];
  #waiting: Waiting<T>[] = [];
  #ended: { error: GatewayError | undefined } | undefined;

  /** @param over is called once, when nothing more can be added */
  constructor(max: number, over: (self: Unread<T>) => void) {
    this.#max = max;
    this.#over = over;
  }

  add(item: T): void {
    if (this.#ended) return;
    const waiting = this.#waiting.shift();
    if (waiting) waiting.resolve({ value: item, done: false });
    else if (this.#items.length < this.#max) this.#items.push(item);
    else this.end(new GatewayError("unread_overflow", `more than ${this.#max} messages wait to be read`));
  }

  /** What is here can still be read; then the loop ends, or fails. */
  end(error?: GatewayError): void {
    if (this.#ended) return;
    this.#ended = { error };
    for (const waiting of this.#waiting.splice(0)) error ? waiting.reject(error) : waiting.resolve({ value: undefined, done: true });
    this.#over(this);
  }

  next(): Promise<IteratorResult<T>> {
    if (this.#items.length > 0) return Promise.resolve({ value: this.#items.shift()!, done: false });
    if (!this.#ended) return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
    const { error } = this.#ended;
    this.#ended = { error: undefined }; // an iterator fails once
    return error ? Promise.reject(error) : Promise.resolve({ value: undefined, done: true });
  }

  return(): Promise<IteratorResult<T>> {
    this.#items = [];
    this.end();
    return Promise.resolve({ value: undefined, done: true });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
