import { append, clock, element } from "./dom.js";
import { faultOf, type ChatMessage, type Notice, type Peer, type PeerEvents } from "./peer.js";
import type { Frame } from "./tap.js";

const MESSAGES_KEPT = 300;
const FRAMES_KEPT = 100;
const LONGEST_FRAME = 600;

export interface PaneOptions {
  /** Unique in the page. */
  id: string;
  title: string;
  /** What the application is made with. */
  made: string;
  changed(): void;
  unauthorized(): void;
}

/** One client with its messages, what happened to it, and its frames on the wire. */
export class Pane {
  readonly section: HTMLElement;
  readonly #messages: HTMLElement;
  readonly #frames = element("ol", { class: "frames", tabindex: 0, "aria-label": "Frames on the wire" });
  readonly #state = element("p", { class: "state", role: "status" }, "connecting");
  readonly #input: HTMLInputElement;
  readonly #send = element("button", { type: "submit", class: "primary" }, "Send");
  readonly #drop = element("button", { type: "button" }, "Drop my connection");
  readonly #fault = element("p", { class: "fault", role: "alert" });
  #kept: ChatMessage[] = [];
  #peer: Peer | undefined;
  #room = "lobby";

  constructor({ id, title, made, changed, unauthorized }: PaneOptions) {
    this.events = {
      chat: (message) => this.#take(message),
      notice: (notice) => this.#tell(notice),
      changed,
      open: (isOpen) => this.#show(isOpen),
      frame: (frame) => this.#note(frame),
      unauthorized,
    };
    this.#messages = element("div", { class: "messages", id: `${id}-messages`, role: "log", tabindex: 0, "aria-label": `Messages of the ${title} client` });
    this.#input = element("input", { id: `${id}-text`, maxlength: 2000, autocomplete: "off", required: true, placeholder: "Message" });
    const form = element("form", { class: "say" }, element("label", { for: `${id}-text`, class: "hidden" }, `Say something as the ${title} client`), this.#input, this.#send);
    form.addEventListener("submit", (event) => (event.preventDefault(), void this.#say()));
    this.#drop.addEventListener("click", () => this.#peer?.drop());
    const wire = element("details", { class: "wire" }, element("summary", {}, "Frames on the wire", element("small", {}, "without pings")), this.#frames);
    const heading = element("h3", { id: `${id}-title` }, title, element("small", {}, made));
    this.section = element("section", { class: "pane", id, "aria-labelledby": `${id}-title` }, element("header", {}, heading, this.#drop), this.#state, this.#messages, form, this.#fault, wire);
    this.#show(false);
  }

  readonly events: PeerEvents;

  get peer(): Peer | undefined {
    return this.#peer;
  }

  attach(peer: Peer): void {
    this.#peer?.close();
    this.#peer = peer;
    peer.start();
  }

  /** Shows the messages of one room, and speaks in it. */
  show(room: string): void {
    this.#room = room;
    this.#messages.replaceChildren(...this.#kept.filter((message) => message.room === room).map(line));
    this.#messages.scrollTop = this.#messages.scrollHeight;
  }

  async #say(): Promise<void> {
    const text = this.#input.value.trim();
    if (!text || !this.#peer) return;
    this.#input.value = "";
    this.#fault.textContent = "";
    try {
      await this.#peer.say(this.#room, text);
    } catch (fault) {
      this.#fault.textContent = `not sent: ${faultOf(fault)}`;
      if (!this.#input.value) this.#input.value = text;
    }
  }

  #take(message: ChatMessage): void {
    this.#kept.push(message);
    if (this.#kept.length > MESSAGES_KEPT) this.#kept = this.#kept.slice(-MESSAGES_KEPT);
    if (message.room === this.#room) append(this.#messages, line(message), MESSAGES_KEPT);
  }

  #tell({ kind, text }: Notice): void {
    if (kind === "state" || kind === "fault") this.#state.textContent = text;
    append(this.#messages, element("div", { class: `notice ${kind}` }, text), MESSAGES_KEPT);
  }

  #note({ direction, text }: Frame): void {
    const shown = text.length > LONGEST_FRAME ? `${text.slice(0, LONGEST_FRAME)}…` : text;
    const arrow = element("b", { "aria-label": direction === "in" ? "received" : "sent" }, direction === "in" ? "↓" : "↑");
    append(this.#frames, element("li", { class: direction }, arrow, element("code", {}, shown)), FRAMES_KEPT);
  }

  /** Text can be typed while away: the client keeps it and sends it when it is back. */
  #show(isOpen: boolean): void {
    this.section.dataset.open = String(isOpen);
    this.#drop.disabled = !isOpen;
  }
}

function line({ username, content, time, offset }: ChatMessage): HTMLElement {
  const place = offset === undefined ? "" : element("span", { class: "offset", title: "offset in the room" }, `#${offset}`);
  return element("div", {}, element("time", { datetime: time }, clock(time)), element("b", {}, username), element("span", { class: "content" }, content), place);
}
