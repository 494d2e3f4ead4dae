// Clients that behave as a good application does: they connect again whenever their connection ends, and go on in their room where they were.
import * as signalR from "@microsoft/signalr";
import WebSocket from "ws";
import { until } from "./processes.js";
import { TRANSPORTS } from "./clients.js";

const PATIENCE = 4000;
const BREATH = 50;
const pause = () => new Promise((resolve) => setTimeout(resolve, BREATH));
const late = (promise) => {
  let timer;
  const limit = new Promise((_, reject) => (timer = setTimeout(() => reject(new Error("no answer")), PATIENCE)));
  return Promise.race([promise, limit]).finally(() => clearTimeout(timer));
};

/** Calls over the stock client, which reconnects by itself. `over` is called when a connection has ended. */
async function openStock(url, transport, guestKey, onMessage, over) {
  const connection = new signalR.HubConnectionBuilder()
    .withUrl(`${url}/hub?rooms=&guest_key=${guestKey}`, TRANSPORTS[transport])
    .withAutomaticReconnect({ nextRetryDelayInMilliseconds: () => BREATH })
    .configureLogging(signalR.LogLevel.None)
    .build();
  for (const target of ["welcome", "system", "chat"]) connection.on(target, (payload) => onMessage(target, payload));
  connection.onreconnecting(() => over(false));
  connection.onreconnected(() => over(true));
  await connection.start();
  return {
    ask: (type, payload) => connection.invoke(type[0].toUpperCase() + type.slice(1), payload),
    close: () => connection.stop(),
  };
}

/** The same over a plain WebSocket. */
async function openRaw(url, guestKey, onMessage, over) {
  const asked = new Map();
  let [socket, closing, lastId] = [null, false, 0];
  const connect = () =>
    new Promise((resolve, reject) => {
      socket = new WebSocket(`${url.replace("http", "ws")}/ws?rooms=&guest_key=${guestKey}`);
      socket.on("open", resolve).on("error", reject);
      socket.on("message", (data) => {
        const { type, payload, id } = JSON.parse(data);
        if (id === undefined) return onMessage(type, payload);
        const { accept, refuse } = asked.get(id) ?? {};
        asked.delete(id);
        if (type === "ack") accept?.(payload);
        else refuse?.(new Error(`${payload.code}: ${payload.message}`));
      });
    });
  const keep = async () => {
    for (;;) {
      await new Promise((resolve) => socket.once("close", resolve));
      for (const { refuse } of asked.values()) refuse(new Error("the connection ended"));
      asked.clear();
      if (closing) return;
      over(false);
      while (!(await connect().then(() => true, () => false))) await pause();
      over(true);
    }
  };
  await connect();
  const kept = keep();
  const ask = (type, payload) =>
    new Promise((accept, refuse) => {
      const id = ++lastId;
      asked.set(id, { accept, refuse });
      socket.send(JSON.stringify({ type, payload, id }), (fault) => fault && refuse(fault));
    });
  return { ask, close: () => ((closing = true), socket.close(), kept) };
}

class Resuming {
  offsets = new Map(); // what came, by message id
  isIn = false;
  cameInAt = 0;
  lostAt = 0;
  reconnects = 0;
  repeated = 0;
  #position;
  #joining = [];

  constructor(kind, room, index) {
    [this.kind, this.room, this.name] = [kind, room, `${kind}-${index}`];
  }

  async open(url) {
    const guestKey = `${this.name}-`.padEnd(24, "k") + Math.random().toString(36).slice(2);
    const take = (type, payload) => type === "chat" && (this.isIn ? this.#add(payload) : this.#joining.push(payload));
    const over = (isBack) => {
      if (!isBack) [this.isIn, this.lostAt, this.#joining] = [false, performance.now(), []];
      else (this.reconnects++, void this.#enter());
    };
    this.client = await (this.kind === "raw" ? openRaw(url, guestKey, take, over) : openStock(url, this.kind, guestKey, take, over));
    await this.#enter();
  }

  /** Sends until it is acknowledged, under one id. */
  async say(messageId, enough) {
    while (!enough()) {
      try {
        if (this.isIn) return await late(this.client.ask("chat", { room: this.room, content: "x".repeat(64), message_id: messageId }));
      } catch {
        // It is sent again: the gateway takes it once.
      }
      await pause();
    }
  }

  async #enter() {
    const lostAt = this.lostAt;
    while (lostAt === this.lostAt) {
      try {
        const since = this.#position;
        const at = await late(this.client.ask("join", since ? { room: this.room, since } : { room: this.room }));
        if (lostAt !== this.lostAt) return;
        if (since && !at.recovered) throw new Error(`${this.name} was not recovered: ${at.reason}`);
        this.#position ??= { epoch: at.epoch, offset: at.offset };
        this.isIn = true;
        for (const payload of this.#joining.splice(0)) this.#add(payload);
        this.cameInAt = performance.now();
        return;
      } catch (fault) {
        if (/recovered/.test(fault.message)) this.fault = fault.message;
        await pause();
      }
    }
  }

  #add({ message_id, offset }) {
    if (this.offsets.has(message_id)) this.repeated++;
    this.offsets.set(message_id, offset);
    this.#position.offset = Math.max(this.#position.offset, offset);
  }
}

/** Clients of these kinds in one room; half of them speak all the time. */
export async function crowdOf(url, room, kinds) {
  const clients = kinds.map((kind, i) => new Resuming(kind, room, i));
  for (const client of clients) await client.open(url);
  const acknowledged = new Map();
  let enough = false;
  const speak = async (client) => {
    for (let number = 1; !enough; number++) {
      const id = `${client.name}.${number}`;
      const answer = await client.say(id, () => enough && number > 1e9); // also the last one is sent until it is acknowledged
      if (answer) acknowledged.set(id, answer.offset);
      await pause();
    }
  };
  const speaking = clients.filter((_, i) => i % 2 === 0).map(speak);
  const everything = (client) => [...acknowledged.keys()].filter((id) => !client.offsets.has(id));
  return {
    untilAcknowledged: (more) => {
      const goal = acknowledged.size + more;
      return until(() => acknowledged.size >= goal, `${more} more messages are acknowledged`, 20000);
    },
    lost: (since) => clients.filter((client) => client.lostAt >= since).length,
    areBackSince: (since) => clients.every((client) => client.isIn) && clients.some((client) => client.lostAt >= since),
    reconnects: () => clients.reduce((sum, client) => sum + client.reconnects, 0),
    describe: () => clients.map((client) => `${client.name} ${client.isIn ? "in" : "out"}${client.fault ? ` (${client.fault})` : ""} lacks ${everything(client).length}`).join(", "),
    judge: async () => {
      enough = true;
      await Promise.all(speaking);
      await until(() => clients.every((client) => everything(client).length === 0), "everyone has everything", 15000).catch(() => {});
      return {
        acknowledged: acknowledged.size,
        missing: clients.flatMap((client) => [...everything(client), ...(client.fault ? [client.fault] : [])].map((id) => `${client.name}: ${id}`)),
        repeated: clients.reduce((sum, client) => sum + client.repeated, 0),
      };
    },
    close: () => Promise.all(clients.map((client) => client.client.close())),
  };
}
