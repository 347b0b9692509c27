import { execFile } from "node:child_process";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { NODE_FLAGS } from "../../support/shipped-worker.ts";
import { pinned } from "../cores.ts";
import { makeLoad } from "../load.ts";
import { PEERS } from "../peers.ts";
import type { Plan } from "../plan.ts";
import type { Measurement } from "../results.ts";
import { runPeers } from "../run-peer.ts";
import { median } from "../statistics.ts";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
/** A packet of speech at 64 kbit/s in frames of 20 ms. */
const PACKET_BYTES = 160;
const SPEAKERS = 5;
/** They are short, and differ more than others. */
const IMPORTS_A_ROUND = 5;

/** The imports of a process before it can record: its own command, or the packages of the recipe and the floor. */
const IMPORTS: Readonly<Record<BasicPeer, { flags: readonly string[]; modules: () => Promise<readonly string[]> }>> = {
  ours: { flags: NODE_FLAGS, modules: async () => [await chunkNamed("program"), await chunkNamed("run-record")] },
  recipe: { flags: [], modules: async () => ["discord.js", "@discordjs/voice", "prism-media-alpha"] },
  floor: { flags: [], modules: async () => ["discord.js", "@discordjs/voice"] },
};

/** The bundle's file of a module that is loaded when it is needed. */
async function chunkNamed(name: string): Promise<string> {
  const folder = join(ROOT, "dist/cli");
  const file = (await readdir(folder)).find((entry) => entry.startsWith(`${name}-`) && entry.endsWith(".js"));
  if (file === undefined) throw new Error(`dist/cli has no chunk of ${name}`);
  return join(folder, file);
}

type BasicPeer = (typeof PEERS)[number];

const run = promisify(execFile);

/**
 * What the worker takes to be installed and loaded, and how much more than the Opus packets its files are. Importing is
 * measured in a new process each time, whose files the system has in its cache.
 */
export async function measureSize(plan: Plan): Promise<Measurement[]> {
  return [...(await measureImports(plan, await installMegabytes())), ...(await measureOverhead(plan))];
}

/** The packages that `npm ci --omit=dev` brings, and what the package itself ships. */
async function installMegabytes(): Promise<number> {
  const { stdout } = await run("npm", ["ls", "--omit=dev", "--all", "--parseable"], { cwd: ROOT });
  const packages = stdout.split("\n").filter((line) => line.includes("node_modules"));
  const folders = [...new Set(packages), join(ROOT, "dist"), join(ROOT, "config")];
  const sizes = await Promise.all(folders.map(bytesIn));
  return sizes.reduce((sum, bytes) => sum + bytes, 0) / 1e6;
}

/** Size of a package's own files. Packages installed inside its folder are listed separately. */
async function bytesIn(folder: string): Promise<number> {
  const entries = await readdir(folder, { withFileTypes: true });
  const sizes = await Promise.all(
    entries.map(async (entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return entry.name === "node_modules" ? 0 : await bytesIn(path);
      return entry.isFile() ? (await stat(path)).size : 0;
    }),
  );
  return sizes.reduce((sum, bytes) => sum + bytes, 0);
}

/** @param installed size of the worker's install in MB, which is of the same load: none */
async function measureImports(plan: Plan, installed: number): Promise<Measurement[]> {
  const rounds = plan.rounds * IMPORTS_A_ROUND;
  const times = new Map<BasicPeer, number[]>(PEERS.map((peer) => [peer, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const peer of PEERS) times.get(peer)?.push(await importMs(plan, peer));
  }
  return PEERS.map((peer) => {
    const figures = { importMs: median(times.get(peer) ?? []) };
    plan.progress(`size: ${peer} has imported its modules after ${figures.importMs.toFixed(0)} ms`);
    const ofOurs = peer === "ours" ? { installMegabytes: installed } : {};
    return { section: "size", peer, load: {}, rounds, figures: { ...ofOurs, ...figures }, instead: {} };
  });
}

async function importMs({ cores }: Plan, peer: BasicPeer): Promise<number> {
  const { flags, modules } = IMPORTS[peer];
  const code = `${(await modules()).map((name) => `await import(${JSON.stringify(name)});`).join("")}console.log(performance.now());process.exit();`;
  const command = [process.execPath, ...flags, "--input-type=module", "--eval", code] as const;
  const [program, ...args] = pinned(cores.peer, command);
  const { stdout } = await run(program, args, { cwd: ROOT });
  return Number(stdout);
}

async function measureOverhead(plan: Plan): Promise<Measurement[]> {
  const seconds = plan.quick ? 3 : 20;
  const measurements: Measurement[] = [];
  for (const speech of ["spurts", "continuous"] as const) {
    const call = { speakers: SPEAKERS, seconds, speech, packetBytes: PACKET_BYTES };
    const load = makeLoad({ seed: plan.seed, ...call });
    const options = { host: plan.host, load, impairments: { seed: plan.seed }, cores: plan.cores.peer };
    // At once: how much they write does not depend on how fast they are.
    for (const [peer, { audioBytes, fidelity }] of await runPeers(PEERS, options, true)) {
      const overheadPercent = (audioBytes / (fidelity.received * PACKET_BYTES) - 1) * 100;
      plan.progress(`size, ${speech}: ${peer} writes ${overheadPercent.toFixed(2)} % more than the payload`);
      measurements.push({ section: "size", peer, load: call, rounds: 1, figures: { overheadPercent }, instead: {} });
    }
  }
  return measurements;
}
