import type { IRetryPolicy } from "@microsoft/signalr";
import { backoff, type BackoffOptions } from "../backoff.js";
import { checkNumbers, RECONNECT_DEFAULTS } from "../options.js";

export interface RetryOptions extends BackoffOptions {
  /** Attempts in a row that may come to nothing before the connection is closed for good. */
  maxReconnectAttempts: number;
}

/**
 * For `withAutomaticReconnect`: delays with full jitter, as the raw client has them. The stock policy tries four times, at the same moments for everyone.
 * @throws TypeError an option is out of its range
 */
export function gatewayRetryPolicy(options: Partial<RetryOptions> = {}): IRetryPolicy {
  const all = { ...RECONNECT_DEFAULTS, ...options };
  checkNumbers(all);
  return {
    nextRetryDelayInMilliseconds: ({ previousRetryCount }) => (previousRetryCount >= all.maxReconnectAttempts ? null : backoff(previousRetryCount, all)),
  };
}
