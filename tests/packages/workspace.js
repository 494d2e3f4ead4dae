// A folder outside of the repository for fresh projects, the packed files that they install, and the processes that run there.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { within } from "../js/processes.js";

export const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** The one version of all packages. */
export const VERSION = /<Version>(.+)<\/Version>/.exec(readFileSync(`${ROOT}Directory.Build.props`, "utf8"))[1];

const folder = mkdtempSync(join(tmpdir(), "gateway-packages-"));
const running = new Set();

/** A path in the folder. */
export const at = (...names) => join(folder, ...names);

mkdirSync(at("packed"));
writeFileSync(at("nuget.config"), nugetConfig());

/** Our packages come from the packed files alone. What others have published comes from where this machine has it, or else gets it. */
function nugetConfig() {
  const cache = process.env.NUGET_PACKAGES ?? join(homedir(), ".nuget", "packages");
  const english = { ...process.env, DOTNET_CLI_UI_LANGUAGE: "en" };
  const listed = spawnSync("dotnet", ["nuget", "list", "source"], { cwd: folder, encoding: "utf8", timeout: 60000, env: english }).stdout;
  const others = [...listed.matchAll(/^ *\d+\. +(.+) \[Enabled\]$/gm)].map(([, name]) => name);
  if (others.length === 0) throw new Error(`no source of packages is enabled: ${listed}`);
  const source = (key, value) => `<add key="${key}" value="${value}" />`;
  const mapping = (key, ...patterns) => {
    const packages = patterns.map((pattern) => `<package pattern="${pattern}" />`);
    return `<packageSource key="${key}">${packages.join("")}</packageSource>`;
  };
  const cached = existsSync(cache) ? [source("cache", cache)] : [];
  return `<configuration>
    <packageSources>${source("packed", at("packed"))}${cached}</packageSources>
    <packageSourceMapping>
      ${mapping("packed", "Gateway.*", "gateway-cli")}
      ${[...others, ...cached.map(() => "cache")].map((key) => mapping(key, "*")).join("")}
    </packageSourceMapping>
  </configuration>`;
}

const environment = {
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(GATEWAY|ASPNETCORE|DOTNET_ENVIRONMENT)/i.test(name))),
  // Empty at the start: a package that an earlier run has installed is never taken.
  NUGET_PACKAGES: at("installed"),
  // Nothing of the build goes on after it.
  MSBUILDDISABLENODEREUSE: "1",
  DOTNET_CLI_TELEMETRY_OPTOUT: "1",
  DOTNET_NOLOGO: "1",
  ASPNETCORE_URLS: "http://127.0.0.1:0",
};

/** Starts a process in a group of its own, so that what it starts ends with it. */
function open(command, args, cwd, env = {}) {
  const child = spawn(command, args, { cwd, env: { ...environment, ...env }, detached: true });
  const it = { child, out: "", err: "", changed: () => {} };
  running.add(it);
  child.stdout.on("data", (data) => ((it.out += data), it.changed()));
  child.stderr.on("data", (data) => ((it.err += data), it.changed()));
  child.stdin.on("error", () => {}); // it may end before it has read everything
  it.closed = new Promise((resolve, reject) => child.on("error", reject).on("close", resolve));
  it.closed.catch(() => {}).finally(() => (running.delete(it), it.changed()));
  it.kill = () => {
    try {
      process.kill(-child.pid, "SIGKILL");
    } catch {} // it has ended
  };
  it.said = () => `${command} ${args.join(" ")}\n${it.out}${it.err}`;
  return it;
}

/** Runs a command to its end and returns its standard output. */
export async function run(command, args, { cwd = folder, seconds = 120, env } = {}) {
  const it = open(command, args, cwd, env);
  it.child.stdin.end();
  const code = await within(it.closed, () => `the end of ${it.said()}`, seconds * 1000).finally(it.kill);
  if (code !== 0) throw new Error(`exit code ${code}: ${it.said()}`);
  return it.out;
}

/** Starts a program that goes on until `stop`. */
export function start(command, args, { cwd = folder, env } = {}) {
  const it = open(command, args, cwd, env);
  return {
    /** Waits until the standard output has the pattern, and returns the match. */
    async says(pattern, seconds = 30) {
      const found = new Promise((resolve, reject) => {
        it.changed = () => {
          const match = pattern.exec(it.out);
          if (match) resolve(match);
          else if (!running.has(it)) reject(new Error(`ended before ${pattern}: ${it.said()}`));
        };
        it.changed();
      });
      return within(found, () => `${pattern} of ${it.said()}`, seconds * 1000);
    },
    type: (text) => it.child.stdin.write(`${text}\n`),
    /** Asks it to end; returns its exit code. */
    async stop() {
      if (running.has(it)) it.child.kill("SIGTERM");
      return within(it.closed, () => `the end of ${it.said()}`, 20000).finally(it.kill);
    },
    ended: () => within(it.closed, () => `the end of ${it.said()}`, 20000).finally(it.kill),
  };
}

/** A new .NET project in a folder of its name, with the packages. `sources`: its files, by name. */
export async function create(name, template, packages, sources) {
  await run("dotnet", ["new", template, "-o", name, "--no-restore"]);
  for (const id of packages) await run("dotnet", ["add", name, "package", id, "--version", VERSION, "--no-restore"]);
  for (const [file, text] of Object.entries(sources)) writeFileSync(at(name, file), text);
}

/** Builds projects, all at once. */
export async function build(names) {
  writeFileSync(at("Fresh.slnx"), `<Solution>${names.map((name) => `<Project Path="${name}/${name}.csproj" />`).join("")}</Solution>\n`);
  await run("dotnet", ["build", "Fresh.slnx", "-c", "Release", "-v", "quiet"], { seconds: 240 });
}

/** The program that a project was built to. */
export const program = (name) => at(name, "bin", "Release", "net10.0", `${name}.dll`);

/** The program in a package's readme. */
export function example(id) {
  const text = readFileSync(`${ROOT}packaging/${id}.md`, "utf8");
  return text.split("```csharp\n")[1].split("```")[0];
}

/** Ends what still runs and removes the folder. */
export async function dispose() {
  for (const it of running) it.kill();
  await Promise.allSettled([...running].map((it) => it.closed));
  rmSync(folder, { recursive: true, force: true });
}
