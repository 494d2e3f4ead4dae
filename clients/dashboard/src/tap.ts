export interface Frame {
  direction: "in" | "out";
  text: string;
}

/** The page asks every second how long the way is; between those nothing else would be seen. */
const PINGS = /^{"type":"(ping"|ack","id":\d+,"payload":{"time":"[^"]*"}})|"target":"Ping"|^{"type":3,"invocationId":"\d+","result":{"time":"[^"]*"}}|^{"type":6}/;
const SECRETS = /("(?:access_)?token"\s*:\s*")[^"]*/g;

/** A WebSocket class whose frames are shown to somebody, and whose connection can be lost on purpose. */
export class Tap {
  #socket: WebSocket | undefined;
  readonly WebSocket: typeof WebSocket;

  constructor(seen: (frame: Frame) => void) {
    const note = (direction: Frame["direction"], data: unknown) => {
      if (typeof data === "string" && !PINGS.test(data)) seen({ direction, text: data.replace(SECRETS, "$1…") });
    };
    const own = (socket: WebSocket) => (this.#socket = socket);
    this.WebSocket = class extends WebSocket {
      constructor(url: string | URL, protocols?: string | string[]) {
        super(url, protocols);
        own(this);
        this.addEventListener("message", ({ data }) => note("in", data));
      }

      override send(data: Parameters<WebSocket["send"]>[0]): void {
        note("out", data);
        super.send(data);
      }
    };
  }

  /** To the client above it this is a connection that broke. */
  drop(): void {
    this.#socket?.close(4000, "dropped on purpose");
  }
}
