import type { HubConnection } from "@microsoft/signalr";
import { ResumingConnection, type ResumeOptions } from "./resuming.js";

export * from "./resuming.js";
export * from "./retry-policy.js";
export { GatewayError } from "../errors.js";

/**
 * Adds to a stock connection what it lacks: after a reconnect every room goes on where the application was, and what was said meanwhile arrives once. The
 * connection needs `withAutomaticReconnect`, best with `gatewayRetryPolicy()`.
 * @throws TypeError an option is out of its range
 */
export function withGatewayResume(connection: HubConnection, options: Partial<ResumeOptions> = {}): ResumingConnection {
  return new ResumingConnection(connection, options);
}
