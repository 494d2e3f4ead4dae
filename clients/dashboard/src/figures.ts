/** What one replica says of itself in the metrics stream, see docs/protocol.md. */
export interface Figures {
  replica: string;
  cluster: { replicas: number; connections: number };
  connections: { total: number; raw: number; signalr: number };
  messages_in_per_second: number;
  messages_out_per_second: number;
  deliveries_per_second: number;
  dropped: number;
  cpu_percent: number;
  memory_bytes: number;
  uptime_seconds: number;
}

/** One row for each second: the figures of every replica that was heard of in it. */
export interface Sample {
  at: number;
  replicas: ReadonlyMap<string, Figures>;
  /** Milliseconds there and back; nothing while there was no answer. */
  latency: { raw: number | undefined; signalr: number | undefined };
}

const KEPT_SECONDS = 300;
/** A replica that has said nothing for so long is gone. */
const SILENT_MS = 5000;

/** The last five minutes. */
export class History {
  readonly samples: Sample[] = [];
  readonly #latest = new Map<string, { figures: Figures; heard: number }>();

  hear(figures: Figures): void {
    this.#latest.set(figures.replica, { figures, heard: performance.now() });
  }

  /** Adds a row of what is known now. */
  tick(latency: Sample["latency"]): void {
    const now = performance.now();
    for (const [replica, { heard }] of this.#latest) if (now - heard > SILENT_MS) this.#latest.delete(replica);
    this.samples.push({ at: Date.now() / 1000, replicas: new Map([...this.#latest].map(([replica, { figures }]) => [replica, figures])), latency });
    if (this.samples.length > KEPT_SECONDS) this.samples.shift();
  }

  /** Those that were there within the time that is kept, in the order in which they came. */
  get replicas(): string[] {
    return [...new Set(this.samples.flatMap((sample) => [...sample.replicas.keys()]))];
  }

  get latest(): Sample | undefined {
    return this.samples.at(-1);
  }
}

/** A sum over all replicas; nothing if none was heard of. */
export const sum = (sample: Sample, of: (figures: Figures) => number): number | null =>
  sample.replicas.size === 0 ? null : [...sample.replicas.values()].reduce((total, figures) => total + of(figures), 0);
