// The processes that the tests talk to: gateways and a redis-server of their own, on free ports. Each ends with the test that started it.
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { createServer, connect } from "node:net";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** Where a project was built: what `named` says, or else Release before Debug. */
function built(project, name, named) {
  const candidates = named ? [named] : ["Release", "Debug"].map((c) => `${root}${project}/bin/${c}/net10.0/${name}.dll`);
  const found = candidates.find((path) => existsSync(path));
  if (!found) throw new Error(`none of ${candidates.join(", ")} exists: build ${project} first`);
  return found;
}

// A test run that is killed leaves no server behind: see tests/reap.sh. tests/run.sh does it for all suites together.
if (!process.env.TEST_RUN) {
  const mark = randomUUID();
  spawn("bash", [`${root}tests/reap.sh`, `${process.pid}`, mark], { detached: true, stdio: "ignore" }).unref();
  process.env.TEST_RUN = mark;
}

/** @param left What remains of `ms`, where several waits share it. @param what A text, or what makes it when the time is over. */
export function within(promise, what, ms = 15000, left = ms) {
  let timer;
  const fault = () => new Error(`waited ${ms} ms for ${typeof what === "function" ? what() : what}`);
  const late = new Promise((_, reject) => (timer = setTimeout(() => reject(fault()), Math.max(left, 0))));
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

export async function until(condition, what, ms = 15000) {
  const end = Date.now() + ms;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`waited ${ms} ms until ${typeof what === "function" ? what() : what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

export async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

/** The environment without what whoever runs the tests may have configured for a gateway of their own. */
const environment = () => Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^GATEWAY_/i.test(name)));

/** Starts a server and returns its base URL, which `ready` finds in what it prints; `stop` asks it to end and waits. */
async function start(what, command, ready) {
  const child = spawn("dotnet", command, { cwd: tmpdir(), env: environment() });
  let output = "";
  const started = new Promise((resolve, reject) => {
    const take = (data) => {
      output += data;
      const match = ready.exec(output);
      if (match) resolve(match[1]);
    };
    child.stdout.on("data", take);
    child.stderr.on("data", take);
    child.on("exit", (code) => reject(new Error(`${what} ended with ${code}:\n${output}`)));
    child.on("error", reject);
  });
  const url = await within(started, `${what} to start`, 30000).catch((fault) => {
    child.kill("SIGKILL");
    throw fault;
  });
  const exited = new Promise((resolve) => child.on("exit", resolve));
  const end = (signal) => async () => {
    if (child.exitCode === null) child.kill(signal);
    return within(exited, `${what} to end`, 30000);
  };
  return { url, output: () => output, stop: end("SIGTERM"), kill: end("SIGKILL") };
}

export function startGateway(...args) {
  const dll = built("server/Gateway", "Gateway", process.env.GATEWAY_DLL); // who names one means that one
  const common = ["--server:host=127.0.0.1", "--server:port=0", "--metrics:port=0", "--rate_limit:messages=0"];
  return start("the gateway", [dll, ...common, ...args], /SignalR hub +(\S+)\/hub\n/);
}

/** An application with hubs of its own: stock SignalR, or with `--gateway` or `--redis ADDRESS` on the gateway. */
export const startSampleHubs = (...args) =>
  start("the application", [built("tests/Gateway.SampleHubs", "Gateway.SampleHubs"), ...args], /listening on (\S+)\n/);

export async function startRedis() {
  const port = await freePort();
  const child = spawn("redis-server", ["--port", `${port}`, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"], { cwd: tmpdir(), stdio: "ignore" });
  const failed = new Promise((_, reject) => child.on("error", () => reject(new Error("redis-server was not found: install Debian's package redis-server"))));
  const answers = () =>
    new Promise((resolve) => {
      const socket = connect(port, "127.0.0.1", () => socket.write("PING\r\n"));
      socket.on("data", () => (socket.destroy(), resolve(true)));
      socket.on("error", () => resolve(false));
    });
  await Promise.race([until(answers, "redis-server answers"), failed]).catch((fault) => {
    child.kill("SIGKILL");
    throw fault;
  });
  const exited = new Promise((resolve) => child.on("exit", resolve));
  return { address: `127.0.0.1:${port}`, stop: () => (child.kill("SIGKILL"), within(exited, "redis-server to end")) };
}
