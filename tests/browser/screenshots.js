// `npm run screenshots`: the pictures of the page in docs/images, with two replicas and some clients that talk.
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { connectRaw, connectSignalR } from "../js/clients.js";
import { startGateway, startRedis } from "../js/processes.js";
import { startBrowser } from "./pages.js";

const folder = fileURLToPath(new URL("../../docs/images/", import.meta.url));
const SECONDS = 45;
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

mkdirSync(folder, { recursive: true });
const redis = await startRedis();
const options = ["--redis:enabled=true", `--redis:connection=${redis.address}`, "--rate_limit:messages=0", "--metrics_stream:interval_ms=1000"];
const replicas = [await startGateway(...options), await startGateway(...options)];
const browser = await startBrowser();
const clients = [];
for (let i = 0; i < 40; i++) {
  const { url } = replicas[i % 2];
  const query = "?rooms=orders";
  clients.push(await (i % 3 ? connectRaw(url, query) : connectSignalR(url, "webSockets", { query })));
}
let isDone = false;
const talking = (async () => {
  for (let i = 0; !isDone; i++) {
    await clients[i % clients.length].request("chat", { room: "orders", content: `order ${i}` });
    await pause(20 + 60 * (1 + Math.sin(i / 60)));
  }
})();

const views = {
  "dashboard-dark": { colorScheme: "dark", viewport: { width: 1360, height: 940 } },
  "dashboard-light": { colorScheme: "light", viewport: { width: 1360, height: 940 } },
  "dashboard-phone": { colorScheme: "light", viewport: { width: 390, height: 844 } },
};
const pages = {};
for (const [name, view] of Object.entries(views)) {
  const page = (pages[name] = await (await browser.newContext(view)).newPage());
  await page.goto(`${replicas[0].url}/?username=Ann`);
  for (const id of ["raw", "signalr"]) await page.waitForSelector(`#${id}[data-open="true"]`);
}
await pause(SECONDS * 1000);
const [page] = Object.values(pages);
const say = async (id, text) => (await page.fill(`#${id}-text`, text), await page.press(`#${id}-text`, "Enter"), await pause(400));
await say("raw", "Hello from a plain WebSocket");
await say("signalr", "Hello from a stock SignalR client");
await page.click('#signalr button:text("Drop my connection")');
await say("raw", "Can you still hear me?");
await page.waitForSelector("#signalr-messages .resumed");
await say("signalr", "I was away, and missed nothing");
await pause(1500);
for (const [name, page] of Object.entries(pages)) {
  for (const id of ["raw", "signalr"]) if (name !== "dashboard-phone") await page.click(`#${id} .wire summary`);
  if (name === "dashboard-phone") await page.evaluate(() => document.querySelector("#chat").scrollIntoView());
  await pause(300);
  await page.screenshot({ path: `${folder}${name}.png` });
}
isDone = true;
await talking;
await browser.close();
await Promise.all(replicas.map((replica) => replica.kill()));
await redis.stop();
process.exit(0);
