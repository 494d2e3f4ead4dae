export * from "./client.js";
export * from "./errors.js";
export * from "./events.js";
export * from "./messages.js";
export type { ClientOptions, TokenSource } from "./options.js";
export * from "./requests.js";
export type { Fetch } from "./refusal.js";
export type { WebSocketClass, WebSocketLike } from "./websocket.js";
