import { GatewayError } from "./errors.js";

/** How a connection ended, or why there was none. */
export interface Ending {
  kind:
    /** We closed it. */
    | "left"
    /** The gateway said that it stops; it has not closed yet. */
    | "shutdown"
    /** A close frame came, or the network broke (1006). `code` and `reason` are the close frame's. */
    | "closed"
    /** Nothing came any more. */
    | "dead"
    /** There was no connection: `code` is the HTTP status, if it is known. */
    | "refused"
    /** There never will be one: this address is not for a WebSocket of this page. */
    | "impossible";
  code?: number;
  reason: string;
}

/** HTTP's answers to connecting that will be the same the next time. */
const REFUSED_FOR_GOOD = new Set([400, 401, 403]);
const POLICY = 1008;

/** @param canRenew there is a callback that brings a new token */
export function isForGood({ kind, code, reason }: Ending, canRenew: boolean): boolean {
  if (kind === "left" || kind === "impossible") return true;
  if (kind === "refused") return REFUSED_FOR_GOOD.has(code ?? 0);
  return kind === "closed" && code === POLICY && reason !== "slow consumer" && !(canRenew && reason === "token expired");
}

export function errorOf({ code, reason }: Ending): GatewayError {
  return new GatewayError(code ?? "closed", reason);
}
