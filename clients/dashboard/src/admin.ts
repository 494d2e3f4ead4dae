import { Api, type ConnectionInfo } from "./api.js";
import { byId, element } from "./dom.js";
import { faultOf } from "./peer.js";

const REFRESH_MS = 3000;

/** What an operator can do, once the key is entered. */
export function admin(room: () => string): void {
  const api = new Api();
  const [enter, view, told] = [byId<HTMLFormElement>("admin-enter"), byId("admin-view"), byId("admin-told")];
  const key = byId<HTMLInputElement>("admin-key");
  const rows = byId("admin-connections");
  const publish = byId<HTMLFormElement>("admin-publish");
  const [type, payload] = [byId<HTMLInputElement>("publish-type"), byId<HTMLTextAreaElement>("publish-payload")];

  const tell = (text: string, isFault = false) => {
    told.textContent = text;
    told.classList.toggle("fault", isFault);
  };
  const attempt = async (work: () => Promise<unknown>, done?: string) => {
    try {
      await work();
      if (done) tell(done);
      return true;
    } catch (fault) {
      tell(faultOf(fault), true);
      return false;
    }
  };
  const refresh = async () => {
    const connections = await api.connections();
    rows.replaceChildren(...connections.map(row));
  };

  function row(c: ConnectionInfo): HTMLElement {
    const kick = element("button", { type: "button", "aria-label": `Kick ${c.username}, ${c.dialect}` }, "Kick");
    kick.addEventListener("click", () => void attempt(async () => (await api.kick(c.connection_id), await refresh()), `${c.username} was kicked.`));
    const mute = element("button", { type: "button", "aria-label": `Mute 1 min: ${c.username}` }, "Mute 1 min");
    mute.addEventListener("click", () => void attempt(() => api.mute(c.user_id, "1m"), `${c.username} is muted for a minute.`));
    const cells = [c.username, c.dialect, c.replica, c.rooms.join(", "), c.remote_address, String(c.waiting)];
    return element("tr", {}, ...cells.map((text, i) => element(i === 0 ? "th" : "td", i === 0 ? { scope: "row", title: c.user_id } : {}, text)), element("td", { class: "actions" }, mute, kick));
  }

  const show = (isIn: boolean) => {
    enter.hidden = isIn;
    view.hidden = !isIn;
  };
  const open = async () => {
    if (await attempt(refresh)) return show(true);
    api.key = "";
    show(false);
  };

  enter.addEventListener("submit", (event) => {
    event.preventDefault();
    api.key = key.value.trim();
    key.value = "";
    tell("");
    void open();
  });
  byId("admin-leave").addEventListener("click", () => {
    api.key = "";
    tell("");
    show(false);
  });
  publish.addEventListener("submit", (event) => {
    event.preventDefault();
    let value: unknown;
    try {
      value = JSON.parse(payload.value);
    } catch (fault) {
      tell(`The payload is not JSON: ${faultOf(fault)}`, true);
      return;
    }
    void attempt(() => api.publish(room(), type.value, value), `Published in ${room()}.`);
  });
  setInterval(() => {
    if (!view.hidden && !document.hidden) void attempt(refresh);
  }, REFRESH_MS);
  if (api.hasKey) void open();
}
