// `npm run first-minutes`: what a new user does with the README alone, on a clean clone, with the time that each step takes.
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { until } from "../js/processes.js";
import { startBrowser } from "./pages.js";

const repository = fileURLToPath(new URL("../../", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "gateway-first-"));
const began = performance.now();
const step = (what) => console.log(`${((performance.now() - began) / 1000).toFixed(0).padStart(4)} s  ${what}`);

spawnSync("git", ["clone", "--quiet", repository, folder], { stdio: "inherit" });
step("cloned");
const command = ["run", "--project", "server/Gateway", "-c", "Release"];
const gateway = spawn("dotnet", command, { cwd: folder, stdio: "ignore", detached: true });
step(`dotnet ${command.join(" ")}`);
let browser;
try {
  await until(() => fetch("http://localhost:8080/health/ready").then(({ ok }) => ok, () => false), "the gateway is there", 300000);
  step("the gateway is there");
  browser = await startBrowser();
  const windows = [];
  for (const name of ["Ann", "Bob"]) {
    const page = await (await browser.newContext()).newPage();
    await page.goto(`http://localhost:8080/?username=${name}`);
    await page.waitForSelector('#raw[data-open="true"]');
    windows.push(page);
  }
  step("two windows are open");
  const hears = (page, text) => page.waitForFunction((text) => [...document.querySelectorAll("#raw-messages .content")].some((line) => line.textContent === text), text);
  for (const [page, other, text] of [[windows[0], windows[1], "Hello Bob"], [windows[1], windows[0], "Hello Ann"]]) {
    await page.fill("#raw-text", text);
    await page.press("#raw-text", "Enter");
    await hears(other, text);
  }
  step("they chat");
} finally {
  await browser?.close();
  process.kill(-gateway.pid, "SIGTERM");
  rmSync(folder, { recursive: true, force: true });
}
process.exit(0);
