const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** Ids that no other client makes, so that a message can be sent again and is published once: 126 random bits, and a number. */
export class MessageIds {
  readonly #prefix = Array.from(crypto.getRandomValues(new Uint8Array(21)), (byte) => ALPHABET[byte & 63]).join("");
  #last = 0;

  next(): string {
    return `${this.#prefix}-${++this.#last}`;
  }
}
