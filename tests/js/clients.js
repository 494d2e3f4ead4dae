// Two kinds of client with one shape: { welcome, request, next, all, close }.
import * as signalR from "@microsoft/signalr";
import WebSocket from "ws";
import { within } from "./processes.js";

const TARGETS = ["welcome", "chat", "metrics", "system", "presence", "direct"];

export class Inbox {
  all = [];
  #read = new Map();
  #waiting = [];

  add(type, payload) {
    this.all.push({ type, payload });
    for (const look of this.#waiting.splice(0)) look();
  }

  /** The next of this type; other messages that come meanwhile do not prolong the wait. */
  async next(type, matches = () => true, ms = 15000) {
    const end = Date.now() + ms;
    for (;;) {
      for (let i = this.#read.get(type) ?? 0; i < this.all.length; i++) {
        this.#read.set(type, i + 1);
        if (this.all[i].type === type && matches(this.all[i].payload)) return this.all[i].payload;
      }
      const changed = new Promise((resolve) => this.#waiting.push(resolve));
      await within(changed, () => `a message of type ${type}; so far: ${this.all.map((m) => m.type)}`, ms, end - Date.now());
    }
  }
}

export async function connectRaw(url, query = "") {
  const inbox = new Inbox();
  const asked = new Map();
  const socket = new WebSocket(`${url.replace("http", "ws")}/ws${query}`);
  const closed = new Promise((resolve) => socket.on("close", (code, reason) => resolve({ code, reason: `${reason}` })));
  socket.on("message", (data) => {
    const { type, payload, id } = JSON.parse(data);
    inbox.add(type, payload);
    if (id === undefined || !asked.has(id)) return;
    const { resolve, reject } = asked.get(id);
    asked.delete(id);
    if (type === "ack") resolve(payload);
    else reject(new Error(`${payload.code}: ${payload.message}`));
  });
  await within(new Promise((resolve, reject) => socket.on("open", resolve).on("error", reject)), "the WebSocket to open");
  let lastId = 0;
  return {
    kind: "raw",
    welcome: await inbox.next("welcome"),
    all: inbox.all,
    next: (type, matches) => inbox.next(type, matches),
    request: (type, payload) => {
      const id = ++lastId;
      const answer = new Promise((resolve, reject) => asked.set(id, { resolve, reject }));
      socket.send(JSON.stringify({ type, payload, id }));
      return within(answer, `the answer to ${type}`);
    },
    closed,
    close: async () => (socket.close(), within(closed, "the WebSocket to close")),
  };
}

export const TRANSPORTS = {
  webSockets: { transport: signalR.HttpTransportType.WebSockets },
  webSocketsWithoutNegotiation: { transport: signalR.HttpTransportType.WebSockets, skipNegotiation: true },
  serverSentEvents: { transport: signalR.HttpTransportType.ServerSentEvents },
  longPolling: { transport: signalR.HttpTransportType.LongPolling },
};

/** The stock JavaScript client. */
export async function connectSignalR(url, transport, { query = "", reconnectDelays } = {}) {
  const inbox = new Inbox();
  const builder = new signalR.HubConnectionBuilder().withUrl(`${url}/hub${query}`, TRANSPORTS[transport]).configureLogging(signalR.LogLevel.None);
  if (reconnectDelays) builder.withAutomaticReconnect(reconnectDelays);
  const connection = builder.build();
  for (const target of TARGETS) connection.on(target, (payload) => inbox.add(target, payload));
  const closed = new Promise((resolve) => connection.onclose(resolve));
  await within(connection.start(), "the hub connection to start");
  return {
    kind: transport,
    connection,
    welcome: await inbox.next("welcome"),
    all: inbox.all,
    next: (type, matches) => inbox.next(type, matches),
    request: (type, payload) => {
      const method = type[0].toUpperCase() + type.slice(1);
      const known = ["Chat", "Join", "Leave", "Direct", "Presence"].includes(method);
      const call = method === "Ping" ? connection.invoke("Ping") : known ? connection.invoke(method, payload) : connection.invoke("Send", type, payload);
      return within(call, `the answer to ${type}`);
    },
    closed,
    close: () => within(connection.stop(), "the hub connection to stop"),
  };
}
