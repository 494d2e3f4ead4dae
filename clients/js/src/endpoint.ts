/** The query of each connection. A token is not in it: see `openWebSocket`. */
export interface Credentials {
  username?: string | undefined;
  guestKey?: string | undefined;
}

/**
 * The raw endpoint's address.
 * @param url `ws:`, `wss:`, `http:` or `https:`; in a browser also a path. Without a path: `/ws`
 * @throws TypeError it is no such address
 */
export function endpoint(url: string | URL): URL {
  const page = (globalThis as { location?: { href: string } }).location?.href;
  const parsed = new URL(url, page);
  parsed.protocol = parsed.protocol.replace(/^http/, "ws");
  if (!/^wss?:$/.test(parsed.protocol)) throw new TypeError(`not the address of a gateway: ${url} (one like wss://example.org/ws is)`);
  if (parsed.pathname === "/") parsed.pathname = "/ws";
  parsed.hash = "";
  return parsed;
}

/**
 * The address for one connection. It begins in no room: rooms are entered one by one, each from where the application has come to, so that nothing
 * newer comes ahead of what was missed.
 */
export function address(endpoint: URL, { username, guestKey }: Credentials): string {
  const url = new URL(endpoint);
  url.searchParams.set("rooms", "");
  if (username !== undefined) url.searchParams.set("username", username);
  if (guestKey !== undefined) url.searchParams.set("guest_key", guestKey);
  return url.href;
}
