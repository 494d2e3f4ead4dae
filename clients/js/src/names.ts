// The types that belong to a message's or a command's name. Names that nobody has declared are allowed: their payloads are unknown.
import type { AnyMessage, Message, Messages } from "./messages.js";
import type { Requests, Sends } from "./requests.js";

/** A name that is declared, or any other text. */
export type Name<Declared> = keyof Declared | (string & {});
export type PayloadOf<T> = T extends keyof Messages ? Messages[T] : unknown;
export type MessageOf<T> = T extends keyof Messages ? Extract<Message, { type: T }> : AnyMessage;
export type SendOf<T> = T extends keyof Sends ? Sends[T] : unknown;
export type RequestOf<T> = T extends keyof Requests ? Requests[T]["payload"] : unknown;
export type AnswerOf<T> = T extends keyof Requests ? Requests[T]["answer"] : unknown;
