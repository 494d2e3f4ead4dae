/** The codes of the client itself; the gateway's own codes are numbers. */
export type LocalCode =
  /** The client is closed: by `close()`, by the gateway for good, or because too many attempts failed. */
  | "closed"
  /** There was no reply in time. A message may have arrived all the same. */
  | "timeout"
  /** More than `maxQueued` messages wait to be sent. */
  | "outgoing_overflow"
  /** The loop over the messages is too slow: more than `maxUnread` wait. */
  | "unread_overflow"
  /** The connection was lost while the message was in flight. It may have arrived; repeating it could make it arrive twice. */
  | "outcome_unknown"
  /** The room was left, or is no longer entered. */
  | "left"
  /** The gateway has sent a malformed message. */
  | "malformed_message"
  /** A handler of the application has thrown; see `cause`. */
  | "handler_failed";

/**
 * The error of a failed call. `code` is a code of the client, or a number of the gateway: an HTTP status (400, 403, 404, 429, 503, …) for a rejected
 * command or connection, a WebSocket close code (1008, …) for a closed connection.
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

/** The connection was lost before the reply. It never reaches the application: the caller repeats the call or reports the outcome. */
export class LinkLost extends Error {
  override readonly name = "LinkLost";
}

/** This call failed on its way although the connection is open (over server-sent events each call is a request): it may have arrived. It never reaches the application either. */
export class Unanswered extends Error {
  override readonly name = "Unanswered";
}
