/** What the client itself has to say; the gateway's own codes are numbers. */
export type LocalCode =
  /** The client is closed: by `close()`, by the gateway for good, or because it has given up. */
  | "closed"
  /** There was no answer in time. A message may have arrived all the same. */
  | "timeout"
  /** More messages wait to be sent than `maxQueued`. */
  | "outgoing_overflow"
  /** Whoever iterates over the messages is too slow: more than `maxUnread` wait. */
  | "unread_overflow"
  /** Sent, and then the connection was lost: it may have arrived, and cannot be repeated without the risk that it arrives twice. */
  | "outcome_unknown"
  /** The room was left, or is not entered any more. */
  | "left"
  /** The gateway has sent something that is not what the protocol says. */
  | "malformed_message"
  /** A handler of the application's has thrown; `cause` says what. */
  | "handler_failed";

/**
 * Why something that was asked for did not happen. `code` is a word of the client's own, or the gateway's number: an HTTP status (400, 403, 404, 429, 503, …)
 * in answer to a command or to connecting, a WebSocket close code (1008, …) where the connection was closed.
 */
export class GatewayError extends Error {
  override readonly name = "GatewayError";
  readonly code: number | LocalCode;
  /** With 429: how long to wait. */
  readonly retryAfterMs: number | undefined;

  constructor(code: number | LocalCode, message: string, retryAfterMs?: number, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.retryAfterMs = retryAfterMs;
  }
}

/** The connection went before there was an answer. Never reaches the application: whoever asked asks again, or says what that means. */
export class LinkLost extends Error {
  override readonly name = "LinkLost";
}

/** This one call failed on its way, though the connection stands (over server-sent events each is a request of its own): it may have arrived. Never reaches the application either. */
export class Unanswered extends Error {
  override readonly name = "Unanswered";
}
