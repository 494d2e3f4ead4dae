// The page at /, in a real browser, with real gateways behind it.
import { after, afterEach, before, beforeEach, describe, it } from "node:test";
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { freePort, startGateway, startRedis, until } from "../js/processes.js";
import { startBrowser } from "./pages.js";

const KEY = "a-key-for-tests-0123456789";
const axe = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const WIDE = { width: 1360, height: 900 };
const PHONE = { width: 360, height: 740 };

let browser, gateway;

before(async () => {
  [browser, gateway] = await Promise.all([startBrowser(), startGateway(`--admin:api_key=${KEY}`, "--metrics_stream:interval_ms=250", "--rate_limit:messages=0")]);
});

after(async () => {
  await browser?.close();
  await gateway?.kill();
});

/** A page whose complaints are kept: whatever the browser's console says, and what its policy forbids. */
async function open(url, options = {}) {
  const context = await browser.newContext({ viewport: WIDE, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(15000);
  page.complaints = [];
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && page.complaints.push(message.text()));
  page.on("pageerror", (fault) => page.complaints.push(fault.message));
  await page.goto(url);
  return page;
}
const areOpen = (page) => Promise.all(["raw", "signalr"].map((id) => page.waitForSelector(`#${id}[data-open="true"]`)));
const say = async (page, id, text) => (await page.fill(`#${id}-text`, text), await page.press(`#${id}-text`, "Enter"));
const heard = (page, id, text) => page.waitForFunction(([id, text]) => [...document.querySelectorAll(`#${id}-messages .content`)].some((line) => line.textContent === text), [id, text]);
const contents = (page, id) => page.$$eval(`#${id}-messages .content`, (lines) => lines.map((line) => line.textContent));

describe("the page", () => {
  let page;

  beforeEach(async () => {
    page = await open(gateway.url);
    await areOpen(page);
  });
  afterEach(async () => {
    assert.deepEqual(page.complaints, []);
    await page.context().close();
  });

  it("shows charts that move", async () => {
    await page.waitForSelector("#stream[data-live=true]");
    const titles = await page.$$eval(".chart figcaption", (all) => all.map((one) => one.firstChild.textContent));
    assert.deepEqual(titles, ["Connections", "Messages", "Deliveries", "Latency", "CPU", "Memory"]);
    const drawing = () => page.$eval(".chart canvas", (canvas) => canvas.toDataURL());
    const first = await drawing();
    for (let i = 0; i < 5; i++) await say(page, "raw", `message ${i}`);
    await page.waitForFunction(() => [...document.querySelectorAll(".chart")].every((chart) => [...chart.querySelectorAll("dd")].some((value) => value.textContent !== "–")));
    await until(async () => (await drawing()) !== first, "the chart has moved", 10000);
    await page.waitForFunction(() => /^1 replica · [3-9] connections$/.test(document.querySelector("#stream").textContent));
  });

  it("what is typed in one pane appears in the other, in both directions", async () => {
    await say(page, "raw", "from the raw pane <b>&amp;");
    await say(page, "signalr", "from the SignalR pane");
    for (const id of ["raw", "signalr"]) for (const text of ["from the raw pane <b>&amp;", "from the SignalR pane"]) await heard(page, id, text);
  });

  it("shows the frames on the wire, each dialect's own", async () => {
    for (const id of ["raw", "signalr"]) await page.click(`#${id} .wire summary`);
    await say(page, "raw", "framed");
    await heard(page, "signalr", "framed");
    const frames = (id) => page.$$eval(`#${id} .frames code`, (all) => all.map((one) => one.textContent).join("\n"));
    assert.match(await frames("raw"), /{"type":"chat","payload":{[^}]*"content":"framed"/);
    assert.match(await frames("signalr"), /{"type":1,"target":"chat","arguments":\[{[^}]*"content":"framed"/);
  });

  it("a dropped connection comes back and catches up", async () => {
    for (const [dropped, other] of [["raw", "signalr"], ["signalr", "raw"]]) {
      // It may be back before the browser is asked again, so the page notes that it was away.
      await page.evaluate((id) => {
        const pane = document.getElementById(id);
        globalThis.wasAway = false;
        new MutationObserver(() => { globalThis.wasAway = true; }).observe(pane, { attributes: true, attributeFilter: ["data-open"] });
      }, dropped);
      await page.click(`#${dropped} button:text("Drop my connection")`);
      await page.waitForFunction(() => globalThis.wasAway);
      await say(page, other, `while ${dropped} is away`);
      await page.waitForSelector(`#${dropped}-messages .resumed`);
      await heard(page, dropped, `while ${dropped} is away`);
      assert.deepEqual((await contents(page, dropped)).filter((text) => text === `while ${dropped} is away`).length, 1);
    }
  });

  it("joins another room, lists who is there, and leaves it", async () => {
    await page.fill("#join-name", "two words");
    await page.press("#join-name", "Enter");
    await page.waitForFunction(() => document.querySelector("#join-fault").textContent.includes("without blanks"));
    await page.fill("#join-name", "orders");
    await page.press("#join-name", "Enter");
    await page.waitForSelector('[data-room="orders"][aria-pressed="true"]');
    await page.waitForFunction(() => document.querySelector("#members-title").textContent === "In orders: 2");
    await say(page, "raw", "only in orders");
    await heard(page, "signalr", "only in orders");
    await page.click('[data-room="lobby"]');
    assert.ok(!(await contents(page, "raw")).includes("only in orders"));
    await page.click('button[aria-label="Leave orders"]');
    await page.waitForSelector('[data-room="orders"]', { state: "detached" });
  });

  it("can be used by keyboard alone", async () => {
    await page.keyboard.press("Tab");
    assert.equal(await page.evaluate(() => document.activeElement.className), "skip");
    await page.keyboard.press("Enter");
    for (let i = 0; i < 20 && (await page.evaluate(() => document.activeElement.id)) !== "raw-text"; i++) await page.keyboard.press("Tab");
    assert.equal(await page.evaluate(() => document.activeElement.id), "raw-text");
    await page.keyboard.type("typed");
    await page.keyboard.press("Enter");
    await heard(page, "signalr", "typed");
  });

  it("changes its colours, and remembers them", async () => {
    const ground = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
    const light = await ground();
    await page.click("#theme"); // light
    await page.click("#theme"); // dark
    assert.notEqual(await ground(), light);
    await page.reload();
    assert.equal(await page.textContent("#theme"), "Theme: dark");
    assert.notEqual(await ground(), light);
    await areOpen(page);
  });
});

describe("the admin view", () => {
  let page;

  beforeEach(async () => {
    page = await open(`${gateway.url}/?username=Ann`);
    await areOpen(page);
  });
  afterEach(() => page.context().close());

  const enter = async (key) => (await page.fill("#admin-key", key), await page.press("#admin-key", "Enter"));
  const told = (text) => page.waitForFunction((text) => document.querySelector("#admin-told").textContent.includes(text), text);

  it("says so when the key is wrong", async () => {
    await enter("not-the-key-0123456789");
    await told("does not know this key");
    assert.ok(await page.isHidden("#admin-view"));
  });

  it("lists connections, mutes, kicks and publishes; the key leaves no trace in the address", async () => {
    await enter(KEY);
    await page.waitForSelector("#admin-view:not([hidden])");
    await page.click('button[aria-label="Mute 1 min: Ann (raw)"]');
    await told("is muted for a minute");
    await say(page, "raw", "not heard");
    await page.waitForFunction(() => document.querySelector("#raw > .fault").textContent.includes("muted"));

    await page.fill("#publish-payload", "{");
    await page.click("#admin-publish button.primary");
    await told("is not JSON");
    await page.fill("#publish-payload", JSON.stringify({ room: "lobby", user_id: "s", username: "server", content: "from the operator", time: new Date().toISOString() }));
    await page.click("#admin-publish button.primary");
    for (const id of ["raw", "signalr"]) await heard(page, id, "from the operator");

    await page.click('button[aria-label="Kick Ann (SignalR), signalr"]');
    await told("was kicked");
    await page.waitForSelector('#signalr[data-open="false"]');
    assert.ok(!page.url().includes(KEY));
    await page.click("#admin-leave");
    assert.equal(await page.evaluate(() => sessionStorage.length), 0);
  });
});

it("a gateway that is killed and started again: both panes recover, and the chat has no gap", { timeout: 60000 }, async (t) => {
  const [redis, port] = [await startRedis(), await freePort()];
  const start = () => startGateway(`--server:port=${port}`, "--redis:enabled=true", `--redis:connection=${redis.address}`, "--rate_limit:messages=0");
  let server = await start();
  t.after(async () => (await server.kill(), await redis.stop()));
  const page = await open(server.url);
  t.after(() => page.context().close());
  await areOpen(page);
  for (let i = 0; i < 5; i++) await say(page, i % 2 ? "raw" : "signalr", `before ${i}`);
  await heard(page, "raw", "before 4");
  await heard(page, "signalr", "before 4");
  await server.kill();
  await page.waitForSelector('#raw[data-open="false"]');
  await page.waitForSelector('#signalr[data-open="false"]');
  await say(page, "raw", "while it was away"); // kept, and sent when it is back
  server = await start();
  await areOpen(page);
  for (let i = 0; i < 5; i++) await say(page, i % 2 ? "raw" : "signalr", `after ${i}`);
  const expected = [...Array(5).keys()].flatMap((i) => [`before ${i}`, `after ${i}`]).concat("while it was away").toSorted();
  for (const id of ["raw", "signalr"]) {
    for (const text of expected) await heard(page, id, text);
    assert.deepEqual((await contents(page, id)).toSorted(), expected);
    const offsets = await page.$$eval(`#${id}-messages .offset`, (all) => all.map((one) => Number(one.textContent.slice(1))));
    assert.deepEqual(offsets, offsets.toSorted((a, b) => a - b));
  }
});

it("a gateway that wants a token asks for it", async (t) => {
  const { token, SECRET } = await import("./pages.js");
  const server = await startGateway("--auth:mode=jwt", `--auth:signing_key=${SECRET}`);
  t.after(() => server.kill());
  const page = await open(server.url);
  t.after(() => page.context().close());
  await page.waitForSelector("#sign-in:not([hidden])");
  await page.fill("#sign-in-token", token());
  await page.press("#sign-in-token", "Enter");
  await areOpen(page);
  await say(page, "signalr", "signed in");
  await heard(page, "raw", "signed in");
  assert.match(await page.textContent("#raw .state"), /as Ada/);
});

for (const [name, options] of Object.entries({ light: { colorScheme: "light" }, dark: { colorScheme: "dark" }, phone: { viewport: PHONE, hasTouch: true } })) {
  it(`${name}: nothing serious for axe, and nothing wider than the screen`, async (t) => {
    const page = await open(gateway.url, { bypassCSP: true, ...options }); // axe is put into the page from outside
    t.after(() => page.context().close());
    await areOpen(page);
    await say(page, "raw", "a message with_a_very_long_word_that_has_no_place_to_break_and_goes_on_and_on_and_on_and_on_and_on");
    await heard(page, "signalr", "a message with_a_very_long_word_that_has_no_place_to_break_and_goes_on_and_on_and_on_and_on_and_on");
    for (const id of ["raw", "signalr"]) await page.click(`#${id} .wire summary`);
    await page.fill("#admin-key", KEY);
    await page.press("#admin-key", "Enter");
    await page.waitForSelector("#admin-connections tr");
    await page.addScriptTag({ path: axe });
    const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
    const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
    assert.deepEqual(serious.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target).join(" ")}`), []);
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
  });
}
