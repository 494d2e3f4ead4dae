import { settings } from "./settings.js";

const KEPT = "gateway-api-key";

/** What the gateway answered other than what was wanted. */
export class ApiError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export interface ConnectionInfo {
  connection_id: string;
  user_id: string;
  username: string;
  dialect: string;
  remote_address: string;
  replica: string;
  rooms: string[];
  waiting: number;
}

/** The admin API, with a key that lives as long as the browser's tab. */
export class Api {
  #key = sessionStorage.getItem(KEPT) ?? "";

  get hasKey(): boolean {
    return this.#key !== "";
  }

  set key(key: string) {
    this.#key = key;
    if (key) sessionStorage.setItem(KEPT, key);
    else sessionStorage.removeItem(KEPT);
  }

  async connections(): Promise<ConnectionInfo[]> {
    return ((await this.#ask("GET", "connections?limit=200")) as { connections: ConnectionInfo[] }).connections;
  }

  kick = (connection: string) => this.#ask("DELETE", `connections/${encodeURIComponent(connection)}`);
  mute = (user: string, duration: string) => this.#ask("POST", `users/${encodeURIComponent(user)}/mute`, { duration });
  publish = (room: string, type: string, payload: unknown) => this.#ask("POST", `rooms/${encodeURIComponent(room)}/messages`, { type, payload });

  async #ask(method: string, path: string, body?: unknown): Promise<unknown> {
    const headers = { "X-Api-Key": this.#key, ...(body === undefined ? {} : { "Content-Type": "application/json" }) };
    const response = await fetch(new URL(path, settings.api), { method, headers, body: body === undefined ? null : JSON.stringify(body) });
    const text = await response.text();
    const json = (response.headers.get("content-type") ?? "").includes("json") && text ? JSON.parse(text) : undefined;
    if (response.ok) return json;
    if (response.status === 401) throw new ApiError(401, "The gateway does not know this key.");
    if (response.status === 404 && !json) throw new ApiError(404, "The admin API is off here: set admin.api_key, and open the page where it is served.");
    throw new ApiError(response.status, (json as { detail?: string; title?: string } | undefined)?.detail ?? `${response.status} ${response.statusText}`);
  }
}
