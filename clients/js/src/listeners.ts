/** Handlers by name. A handler that throws harms no other one, and nothing of ours. */
export class Listeners {
  readonly #handlers = new Map<string, Set<(...args: never[]) => void>>();

  /** @returns takes the handler away again */
  on(name: string, handler: (...args: never[]) => void): () => void {
    let handlers = this.#handlers.get(name);
    if (!handlers) this.#handlers.set(name, (handlers = new Set()));
    handlers.add(handler);
    return () => this.off(name, handler);
  }

  off(name: string, handler: (...args: never[]) => void): void {
    this.#handlers.get(name)?.delete(handler);
  }

  emit(name: string, ...args: unknown[]): void {
    for (const handler of [...(this.#handlers.get(name) ?? [])]) {
      try {
        handler(...(args as never[]));
      } catch (fault) {
        // As an EventTarget does it: the fault is reported where uncaught ones are, and the messages go on.
        queueMicrotask(() => {
          throw fault;
        });
      }
    }
  }
}
