/** Handlers by name. A handler that throws harms no other one, nothing of ours, and not the process: a message must not end it. */
export class Listeners {
  readonly #handlers = new Map<string, Set<(...args: never[]) => void>>();
  readonly #failed: (fault: unknown, name: string) => void;

  /** @param failed is told of each handler that throws */
  constructor(failed: (fault: unknown, name: string) => void) {
    this.#failed = failed;
  }

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

  has(name: string): boolean {
    return (this.#handlers.get(name)?.size ?? 0) > 0;
  }

  emit(name: string, ...args: unknown[]): void {
    for (const handler of [...(this.#handlers.get(name) ?? [])]) {
      try {
        // An async handler fails later.
        const done: unknown = handler(...(args as never[]));
        if (done instanceof Promise) done.catch((fault: unknown) => this.#failed(fault, name));
      } catch (fault) {
        this.#failed(fault, name);
      }
    }
  }
}
