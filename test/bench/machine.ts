import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { cpus, release, totalmem } from "node:os";
import { InputError } from "../../src/errors.ts";

const LIBRARIES = ["@discordjs/voice", "@snazzah/davey", "sodium-native", "prism-media-alpha"];

/** The facts on which figures depend, a line for each: processors and memory, system, Node; the libraries' versions. */
export function machine(): string[] {
  const [cpu] = cpus();
  const gigabytes = (totalmem() / 1e9).toFixed(0);
  return [
    `${cpus().length} × ${cpu?.model.trim()}, ${gigabytes} GB, ${process.platform} ${release()}, Node ${process.version}`,
    LIBRARIES.map(versionOf).join(", "),
  ];
}

/** @throws InputError if there is no Node at this path */
export function versionOfNode(path: string): string {
  const { stdout, status } = spawnSync(path, ["--version"], { encoding: "utf8" });
  if (status === 0 && /^v\d/.test(stdout)) return stdout.trim();
  throw new InputError(`--node is ${path}, expected the path of a Node`);
}

/** The largest receive buffer that the kernel grants a socket; it decides how long a burst may be. */
export function receiveBufferLimit(): string {
  return `net.core.rmem_max ${readFileSync("/proc/sys/net/core/rmem_max", "utf8").trim()}`;
}

/** The installed version, as its package.json says; not every package lets that be imported. */
function versionOf(name: string): string {
  const main = createRequire(import.meta.url).resolve(name);
  const folder = main.slice(0, main.lastIndexOf(`node_modules/${name}`) + `node_modules/${name}`.length);
  const manifest: { name: string; version: string } = JSON.parse(readFileSync(`${folder}/package.json`, "utf8"));
  return `${manifest.name} ${manifest.version}`;
}
