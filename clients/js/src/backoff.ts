export interface BackoffOptions {
  /** The longest first delay, in milliseconds. */
  reconnectBaseDelay: number;
  /** The longest delay of all. */
  reconnectMaxDelay: number;
}

/**
 * How long to wait before trying again: anything up to the base delay, twice as much each time, up to the cap ("full jitter": of many clients
 * that lost the same gateway no two come back together).
 * @param failures attempts in a row that came to nothing; 0 for the first delay
 */
export function backoff(failures: number, { reconnectBaseDelay, reconnectMaxDelay }: BackoffOptions, random: () => number = Math.random): number {
  return random() * Math.min(reconnectMaxDelay, reconnectBaseDelay * 2 ** failures);
}
