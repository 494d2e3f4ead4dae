import { LinkLost } from "./errors.js";
import type { Envelope } from "./envelope.js";
import { failureOf } from "./inbound.js";

interface Call {
  resolve(answer: unknown): void;
  reject(fault: Error): void;
}

/** What was asked on one raw connection and is not answered yet, by correlation id. */
export class Calls {
  readonly #open = new Map<number, Call>();
  #lastId = 0;

  /** @param send is given the id to send along */
  ask(send: (id: number) => void): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const id = ++this.#lastId;
      this.#open.set(id, { resolve, reject });
      send(id);
    });
  }

  /** @returns whether it was an answer to something */
  take({ type, payload, id }: Envelope): boolean {
    if (typeof id !== "number") return false;
    const call = this.#open.get(id);
    if (!call || !this.#open.delete(id)) return false;
    if (type === "error") {
      call.reject(failureOf(payload));
    } else call.resolve(payload);
    return true;
  }

  /** The connection is over. */
  fail(): void {
    const lost = new LinkLost("the connection was lost before the answer came");
    for (const call of this.#open.values()) call.reject(lost);
    this.#open.clear();
  }
}
