// A real nginx with the configuration that the repository ships: plain rotation, no affinity.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort, until, within } from "./processes.js";

/** Other addresses, and folders that need no rights; all else as it is shipped. */
function adapt(configuration, folder, port, replicas) {
  const shipped = /^ *server gateway-\S+ (.*);\n/gm;
  const [, options] = shipped.exec(configuration) ?? [];
  if (options === undefined) throw new Error("config/nginx.conf names no replicas");
  const servers = replicas.map((url) => `server ${new URL(url).host} ${options};`).join("\n");
  const folders = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((use) => `${use}_temp_path ${folder}/${use};`).join("\n");
  return configuration
    .replace(shipped, "")
    .replace("upstream gateway {", `upstream gateway {\n${servers}`)
    .replace("listen 8080;", `listen 127.0.0.1:${port};`)
    .replace("access_log /var/log/nginx/access.log", `access_log ${folder}/access.log`)
    .replace("http {", `http {\n${folders}`);
}

/** @param replicas Base URLs of the gateways. */
export async function startNginx(replicas) {
  const folder = mkdtempSync(join(tmpdir(), "gateway-nginx-"));
  const port = await freePort();
  const file = join(folder, "nginx.conf");
  writeFileSync(file, adapt(readFileSync(new URL("../../config/nginx.conf", import.meta.url), "utf8"), folder, port, replicas));
  const child = spawn("nginx", ["-p", folder, "-e", join(folder, "error.log"), "-c", file, "-g", `daemon off; pid ${folder}/nginx.pid;`], { stdio: ["ignore", "ignore", "pipe"] });
  let output = "";
  child.stderr.on("data", (data) => (output += data));
  const failed = new Promise((_, reject) => {
    child.on("error", () => reject(new Error("nginx was not found: install Debian's package nginx-light")));
    child.on("exit", (code) => reject(new Error(`nginx ended with ${code}:\n${output}`)));
  });
  const exited = new Promise((resolve) => child.on("exit", resolve));
  failed.catch(() => {}); // it ends when it is stopped, too
  const accepts = () =>
    new Promise((resolve) => {
      const socket = connect(port, "127.0.0.1", () => (socket.destroy(), resolve(true)));
      socket.on("error", () => resolve(false));
    });
  const stop = async () => {
    if (child.exitCode === null) child.kill("SIGTERM"); // the master takes its workers with it
    await within(exited, "nginx to end");
    rmSync(folder, { recursive: true, force: true });
  };
  await Promise.race([until(accepts, "nginx accepts"), failed]).catch(async (fault) => {
    child.kill("SIGTERM");
    throw fault;
  });
  return { url: `http://127.0.0.1:${port}`, log: () => readFileSync(join(folder, "access.log"), "utf8"), stop };
}
