// A TCP proxy between a client and the gateway that does what networks do: drops connections, cuts frames in the middle, falls silent, is away.
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";

/** One direction of a connection. What waits in it goes in its order, also when the delay becomes shorter: TCP does not overtake itself. */
class Lane {
  readonly #waiting: { due: number; send: () => void }[] = [];

  pass(send: () => void, delay: number): void {
    if (delay === 0 && this.#waiting.length === 0) return send();
    this.#waiting.push({ due: Date.now() + delay, send });
    if (this.#waiting.length === 1) this.#wait();
  }

  #wait(): void {
    setTimeout(() => {
      while (this.#waiting.length > 0 && this.#waiting[0]!.due <= Date.now()) this.#waiting.shift()!.send();
      if (this.#waiting.length > 0) this.#wait();
    }, Math.max(1, this.#waiting[0]!.due - Date.now()));
  }
}

interface Pair {
  client: Socket;
  server: Socket;
  /** Bytes that may still go to the client before both ends are dropped. */
  left: number;
}

export class Proxy {
  readonly #pairs = new Set<Pair>();
  readonly #server = createServer((client) => this.#accept(client));
  #target: number;
  #isAway = false;
  #isSilent = false;
  /** What the gateway says leads nowhere. */
  isDeaf = false;
  /** Milliseconds that everything takes longer. */
  delay = 0;
  connections = 0;
  drops = 0;

  private constructor(target: number) {
    this.#target = target;
  }

  static async start(gateway: string): Promise<Proxy> {
    const proxy = new Proxy(portOf(gateway));
    proxy.#server.listen(0, "127.0.0.1");
    await once(proxy.#server, "listening");
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** New connections go to this gateway. */
  set target(gateway: string) {
    this.#target = portOf(gateway);
  }

  /** New connections are dropped. */
  set isAway(away: boolean) {
    this.#isAway = away;
  }

  /** Bytes are taken and lead nowhere; nobody is told. New connections too. */
  set isSilent(silent: boolean) {
    this.#isSilent = silent;
  }

  /** Drops all connections, now. */
  drop(): void {
    for (const pair of [...this.#pairs]) this.#drop(pair);
  }

  /** Drops each connection when so many more bytes have gone to the client: with luck in the middle of a frame. */
  cutAfter(bytes: number): void {
    for (const pair of this.#pairs) pair.left = bytes;
  }

  async stop(): Promise<void> {
    this.drop();
    this.#server.close();
    await once(this.#server, "close");
  }

  #accept(client: Socket): void {
    if (this.#isAway) return void client.destroy();
    this.connections++;
    const server = connect(this.#target, "127.0.0.1");
    const pair = { client, server, left: Infinity };
    this.#pairs.add(pair);
    const [there, back] = [new Lane(), new Lane()];
    client.setNoDelay().on("data", (data) => this.#pass(there, () => server.write(data)));
    server.setNoDelay().on("data", (data) => this.isDeaf || this.#pass(back, () => this.#answer(pair, data)));
    for (const [from, to, lane] of [[client, server, there], [server, client, back]] as const) {
      from.on("error", () => {}); // the close that follows is what counts
      from.on("end", () => this.#pass(lane, () => to.end()));
      from.on("close", () => this.#pass(lane, () => to.destroy()));
    }
    client.on("close", () => this.#pairs.delete(pair));
  }

  #answer(pair: Pair, data: Buffer): void {
    pair.client.write(data.subarray(0, pair.left));
    pair.left -= data.length;
    if (pair.left <= 0) pair.client.end(() => this.#drop(pair));
  }

  #pass(lane: Lane, send: () => void): void {
    if (!this.#isSilent) lane.pass(send, this.delay);
  }

  #drop(pair: Pair): void {
    if (!this.#pairs.delete(pair)) return;
    this.drops++;
    pair.client.destroy();
    pair.server.destroy();
  }
}

const portOf = (url: string): number => Number(new URL(url).port);
