import type { Ending } from "./ending.js";

export interface FetchInit {
  signal: AbortSignal;
  cache: "no-store";
  /** The token must not be sent elsewhere. */
  redirect: "error";
  headers?: Record<string, string>;
}

/** The part of `fetch` that is used. */
export type Fetch = (url: string, init: FetchInit) => Promise<{ status: number; text(): Promise<string> }>;

/** What the endpoint answers to a plain request that could have been a WebSocket. */
const UPGRADE_REQUIRED = 426;

/**
 * Why there was no connection, if it can be found out. A WebSocket does not tell what HTTP answered, so the same is asked once more as a plain request: that
 * passes the same checks, and is refused with the same status and text. (From a page of another origin the answer cannot be read.)
 */
export async function whyRefused(address: string, token: string | undefined, fetch: Fetch, timeout: number, closing: AbortSignal): Promise<Ending | undefined> {
  const over = new AbortController();
  const stop = () => over.abort();
  const timer = setTimeout(stop, timeout);
  closing.addEventListener("abort", stop);
  try {
    const response = await fetch(address.replace(/^ws/, "http"), {
      signal: over.signal,
      cache: "no-store",
      redirect: "error",
      ...(token !== undefined && { headers: { Authorization: `Bearer ${token}` } }),
    });
    const text = (await response.text()).split("\n", 1)[0]!.trim().slice(0, 200);
    if (response.status === UPGRADE_REQUIRED || response.status < 400) return undefined;
    return { kind: "refused", code: response.status, reason: text || `HTTP status ${response.status}` };
  } catch {
    return undefined; // not there at all, or not to be asked
  } finally {
    clearTimeout(timer);
    closing.removeEventListener("abort", stop);
  }
}
