// The stock JavaScript client on a hub of the application's.
import * as signalR from "@microsoft/signalr";
import { Inbox, TRANSPORTS } from "../clients.js";
import { within } from "../processes.js";

const TARGETS = ["Arrived", "Left", "Heard", "Moved", "Nothing", "Announced"];

export const NEGOTIATED = Object.keys(TRANSPORTS).filter((name) => !TRANSPORTS[name].skipNegotiation);

/** @param answers What the client answers when the server asks: by the name that it is asked by. */
export async function connect(url, hub, transport, { token, answers = {}, query = "", headers } = {}) {
  const options = { ...TRANSPORTS[transport], headers, accessTokenFactory: token && (() => token) };
  const connection = new signalR.HubConnectionBuilder().withUrl(`${url}/${hub}${query}`, options).configureLogging(signalR.LogLevel.None).build();
  const inbox = new Inbox();
  for (const target of TARGETS) connection.on(target, (...args) => inbox.add(target, args));
  for (const [target, answer] of Object.entries(answers)) connection.on(target, answer);
  const closed = new Promise((resolve) => connection.onclose((fault) => resolve(fault?.message)));
  await within(connection.start(), "the hub connection to start");
  return {
    connection,
    id: connection.connectionId,
    all: inbox.all,
    next: (target, matches) => inbox.next(target, matches),
    call: (method, ...args) => within(connection.invoke(method, ...args), `the answer to ${method}`),
    /** The text of the error in which a call ends. */
    fault: (method, ...args) =>
      within(connection.invoke(method, ...args), `the error of ${method}`).then(
        (result) => { throw new Error(`${method} did not fail: ${JSON.stringify(result)}`); },
        (fault) => fault.message,
      ),
    closed: () => within(closed, "the connection to be closed"),
    close: () => within(connection.stop(), "the hub connection to stop"),
  };
}

/** All items of a stream, and the text of its error. */
export function drain(stream) {
  const items = [];
  const over = new Promise((resolve) =>
    stream.subscribe({ next: (item) => items.push(item), complete: () => resolve({ items }), error: (fault) => resolve({ items, fault: fault.message }) }));
  return within(over, "the stream to end");
}
