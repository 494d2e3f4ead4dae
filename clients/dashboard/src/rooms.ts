import { byId, element } from "./dom.js";
import { faultOf, type Peer } from "./peer.js";

const CHECK_ROOM = /^[^\s*]{1,128}$/;
const REFRESH_MS = 10_000;

/** The rooms that both clients are in, and who else is in the one that is shown. */
export class Rooms {
  readonly #list = byId("rooms");
  readonly #members = byId("members");
  readonly #title = byId("members-title");
  readonly #form = byId<HTMLFormElement>("join");
  readonly #name = byId<HTMLInputElement>("join-name");
  readonly #fault = byId("join-fault");
  readonly #peers: () => Peer[];
  readonly #picked: (room: string) => void;
  #room = "lobby";
  #asked = 0;

  constructor(peers: () => Peer[], picked: (room: string) => void) {
    [this.#peers, this.#picked] = [peers, picked];
    this.#form.addEventListener("submit", (event) => (event.preventDefault(), void this.#join()));
    setInterval(() => this.refresh(), REFRESH_MS);
  }

  get room(): string {
    return this.#room;
  }

  refresh(): void {
    this.#showRooms();
    void this.#showMembers();
  }

  async #join(): Promise<void> {
    const room = this.#name.value.trim();
    this.#fault.textContent = "";
    if (!CHECK_ROOM.test(room)) {
      this.#fault.textContent = "A room has 1 to 128 characters, without blanks and *.";
      return;
    }
    try {
      await Promise.all(this.#peers().map((peer) => peer.join(room)));
      this.#name.value = "";
      this.#pick(room);
    } catch (fault) {
      this.#fault.textContent = faultOf(fault);
    }
  }

  #pick(room: string): void {
    this.#room = room;
    this.#picked(room);
    this.refresh();
  }

  async #leave(room: string): Promise<void> {
    await Promise.allSettled(this.#peers().map((peer) => peer.leave(room)));
    if (room === this.#room) this.#pick("lobby");
    else this.refresh();
  }

  #showRooms(): void {
    const peers = this.#peers();
    const rooms = [...new Set(["lobby", ...peers.flatMap((peer) => peer.rooms)])];
    const focused = (document.activeElement as HTMLElement | null)?.dataset.room;
    this.#list.replaceChildren(
      ...rooms.map((room) => {
        const offset = peers.map((peer) => peer.position(room)).find((found) => found !== undefined);
        const pick = element("button", { type: "button", class: "room", "data-room": room, "aria-pressed": String(room === this.#room) }, room, element("span", { class: "offset" }, offset === undefined ? "" : `#${offset}`));
        pick.addEventListener("click", () => this.#pick(room));
        if (room === "lobby") return element("li", {}, pick);
        const leave = element("button", { type: "button", class: "quiet", "aria-label": `Leave ${room}` }, "leave");
        leave.addEventListener("click", () => void this.#leave(room));
        return element("li", {}, pick, leave);
      }),
    );
    if (focused) this.#list.querySelector<HTMLElement>(`[data-room="${CSS.escape(focused)}"]`)?.focus();
  }

  async #showMembers(): Promise<void> {
    const [peer] = this.#peers();
    const [room, asked] = [this.#room, ++this.#asked];
    if (!peer?.rooms.includes(room)) return;
    try {
      const { count, members } = await peer.members(room);
      if (asked !== this.#asked) return; // another answer is on its way
      this.#title.textContent = `In ${room}: ${count}`;
      this.#members.replaceChildren(
        ...members.map(({ user_id, username, status, connections }) =>
          element("li", { title: user_id }, element("b", {}, username), element("span", {}, connections === 0 ? "may come back" : connections === 1 ? status : `${status} · ${connections} connections`)),
        ),
      );
    } catch {
      this.#title.textContent = `In ${room}`;
      this.#members.replaceChildren(element("li", { class: "empty" }, "not known while the connection is away"));
    }
  }
}
