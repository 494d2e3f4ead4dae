import type { HubConnection } from "@microsoft/signalr";
import { GatewayError, LinkLost, Unanswered } from "../errors.js";
import type { Link } from "../link.js";

/** The commands that have a hub method of their own; every other type goes through `Send`. */
const METHODS = new Map(["chat", "join", "leave", "direct", "presence", "history"].map((type) => [type, type[0]!.toUpperCase() + type.slice(1)]));

/** The stock connection, while it stands. */
export class HubLink implements Link {
  readonly #connection: HubConnection;

  constructor(connection: HubConnection) {
    this.#connection = connection;
  }

  async call(type: string, payload: unknown): Promise<unknown> {
    try {
      const method = METHODS.get(type);
      if (type === "ping") return await this.#connection.invoke("Ping");
      return await (method === undefined ? this.#connection.invoke("Send", type, payload ?? null) : this.#connection.invoke(method, payload ?? null));
    } catch (fault) {
      throw hubError(fault as Error) ?? new (this.#stands ? Unanswered : LinkLost)((fault as Error).message);
    }
  }

  get #stands(): boolean {
    return this.#connection.state === "Connected";
  }
}

/** `… HubException: 429: too many messages, retry_after_ms=10037`, with whatever the stock client puts in front. */
export function hubError({ message }: Error): GatewayError | undefined {
  const match = /HubException: (\d{3}): (.*)$/s.exec(message);
  if (!match) return undefined;
  const [, code, text] = match as unknown as [string, string, string];
  const wait = /, retry_after_ms=(\d+)$/.exec(text);
  return new GatewayError(Number(code), wait ? text.slice(0, wait.index) : text, wait ? Number(wait[1]) : undefined);
}
