/**
 * `npm run bench:guilds`: compares a worker whose bot is in 2,000 servers with one in a single server: the time until
 * it records, and its memory. The two take turns, each as a separate process of the shipped program.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { startLoopback } from "../../src/loopback/loopback.ts";
import { WORKER_ARGUMENTS, WORKER_ENVIRONMENT } from "../support/shipped-worker.ts";
import { makeLoad } from "./load.ts";
import { withPeerHome } from "./peer-home.ts";
import { memoryOf } from "./process-usage.ts";
import { median } from "./statistics.ts";

const HELP = `npm run bench:guilds -- [options]

  --rounds N     each of the two so many times, in turns (5)
  --json FILE    the figures as JSON
`;

const GUILDS = [1, 2_000] as const;
/** How much more they may cost than one guild. */
const TARGET_MEGABYTES = 20;
/** After all guilds are there: what the start left behind has been collected by then, if it ever is. */
const SETTLE_MS = 10_000;
const PATIENCE_MS = 30_000;

interface Figures {
  /** From starting the process until it says that it records. */
  readonly startMs: number;
  /** VmRSS, settled. */
  readonly residentMegabytes: number;
  /** VmHWM: the most that was ever resident. */
  readonly peakMegabytes: number;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      rounds: { type: "string", default: "5" },
      json: { type: "string" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  const rounds = Number(values.rounds);
  if (values.help || !Number.isSafeInteger(rounds) || rounds < 1) {
    process.stdout.write(HELP);
    return;
  }
  await withPeerHome((home) => compare(rounds, values.json, home));
}

async function compare(rounds: number, jsonFile: string | undefined, home: string): Promise<void> {
  const runs = new Map<number, Figures[]>(GUILDS.map((guilds) => [guilds, []]));
  for (let round = 1; round <= rounds; round += 1) {
    for (const guilds of GUILDS) {
      const figures = await measure(guilds, home);
      runs.get(guilds)?.push(figures);
      process.stdout.write(`round ${round} of ${rounds}: ${guilds} servers, ${describe(figures)}\n`);
    }
  }
  const medians = GUILDS.map((guilds) => mediansOf(runs.get(guilds) ?? []));
  const [one, many] = medians;
  if (one === undefined || many === undefined) throw new Error("nothing was measured");
  const more: Figures = {
    startMs: many.startMs - one.startMs,
    residentMegabytes: many.residentMegabytes - one.residentMegabytes,
    peakMegabytes: many.peakMegabytes - one.peakMegabytes,
  };
  const met = more.residentMegabytes <= TARGET_MEGABYTES;
  process.stdout.write(
    `\nmedians of ${rounds} rounds\n1 server: ${describe(one)}\n2,000 servers: ${describe(many)}\n` +
      `more: ${describe(more)} (target: at most ${TARGET_MEGABYTES} MB resident, ${met ? "met" : "missed"})\n`,
  );
  if (jsonFile !== undefined) {
    await writeFile(jsonFile, `${JSON.stringify({ rounds, one, many, more }, null, 2)}\n`);
  }
  if (!met) process.exitCode = 1;
}

/** Records a call in which one person is and nobody speaks. */
async function measure(guilds: number, home: string): Promise<Figures> {
  const workDir = await mkdtemp(join(tmpdir(), "meetbot-guilds-"));
  const { fixture } = makeLoad({ seed: 1, speakers: 1, seconds: 60, speech: "spurts" });
  const loopback = await startLoopback({ fixture, workDir, otherGuilds: guilds - 1 });
  const startedMs = performance.now();
  const worker = spawn(process.execPath, [...WORKER_ARGUMENTS, "record"], {
    env: {
      PATH: process.env.PATH,
      HOME: home,
      ...WORKER_ENVIRONMENT,
      MEETBOT_STORAGE_URI: `file:${join(workDir, "recordings")}`,
      MEETBOT_SPOOL_DIR: join(workDir, "spool"),
      ...loopback.environment,
    },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const ended = once(worker, "exit");
  try {
    if (worker.pid === undefined) throw new Error("the worker did not start");
    for await (const line of createInterface({ input: worker.stderr, signal: AbortSignal.timeout(PATIENCE_MS) })) {
      if (line.includes("state: recording")) break;
    }
    const startMs = performance.now() - startedMs;
    worker.stderr.resume();
    await sleep(SETTLE_MS);
    const { residentBytes, peakBytes } = memoryOf(worker.pid);
    return { startMs, residentMegabytes: residentBytes / 1e6, peakMegabytes: peakBytes / 1e6 };
  } finally {
    worker.kill("SIGTERM"); // A process that is killed keeps no compiled code.
    await ended;
    await loopback.close();
    await rm(workDir, { recursive: true, force: true });
  }
}

function mediansOf(runs: readonly Figures[]): Figures {
  return {
    startMs: median(runs.map(({ startMs }) => startMs)),
    residentMegabytes: median(runs.map(({ residentMegabytes }) => residentMegabytes)),
    peakMegabytes: median(runs.map(({ peakMegabytes }) => peakMegabytes)),
  };
}

function describe({ startMs, residentMegabytes, peakMegabytes }: Figures): string {
  return `recording after ${startMs.toFixed(0)} ms, ${residentMegabytes.toFixed(1)} MB resident, ${peakMegabytes.toFixed(1)} MB at peak`;
}

await main();
