/**
 * `npm run bench:memory`: a worker's resident memory by purpose, when it begins to record and after a call of ten
 * people, with V8's heap statistics. docs/develop/memory.md explains the rows.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { NODE_FLAGS, WORKER_ARGUMENTS, WORKER_ENVIRONMENT } from "../support/shipped-worker.ts";
import { lineOf } from "./child-output.ts";
import { LoopbackProcess } from "./loopback-process.ts";
import { MAPPING_KINDS, type MappingKind, type Resident, residentByKind, sumOf } from "./mappings.ts";
import { withPeerHome } from "./peer-home.ts";
import { median } from "./statistics.ts";

const HELP = `npm run bench:memory -- [options]

  --rounds N         so many calls, after one that is not measured; the table has medians (3)
  --seconds N        how long people talk (12)
  --speakers N       how many (10)
  --flags FLAGS      options of Node instead of the worker's own, in one word
  --snapshot FILE    write a heap snapshot of the last call, for the Memory panel of Chrome's developer tools
  --help
`;

const PATIENCE_MS = 60_000;
const SETTLE_MS = 500;
/** V8 collects everything before it writes a snapshot. */
const SNAPSHOT_MS = 15_000;

interface Options {
  readonly home: string;
  readonly seconds: number;
  readonly speakers: number;
  readonly flags: readonly string[];
  readonly snapshot: string | undefined;
}

interface Sample {
  readonly start: ReadonlyMap<MappingKind, Resident>;
  readonly end: ReadonlyMap<MappingKind, Resident>;
  /** Bytes of V8's spaces by V8's names, and of what V8 keeps outside them. */
  readonly heap: Readonly<Record<string, number>>;
}

/** Loaded into the worker first: answers SIGUSR2 with V8's account, as a line on standard error. */
const ACCOUNTANT = `
  import v8 from "node:v8";
  process.on("SIGUSR2", () => {
    const spaces = v8.getHeapSpaceStatistics().map((space) => [space.space_name, space.physical_space_size]);
    const { external, arrayBuffers } = process.memoryUsage();
    const { bytecode_and_metadata_size: bytecode, external_script_source_size: sources } = v8.getHeapCodeStatistics();
    const { malloced_memory: compilers } = v8.getHeapStatistics();
    const parts = { ...Object.fromEntries(spaces), external, arrayBuffers, bytecode, sources, compilers };
    process.stderr.write("heap " + JSON.stringify(parts) + "\\n");
    if (process.env.BENCH_SNAPSHOT) v8.writeHeapSnapshot(process.env.BENCH_SNAPSHOT);
  });
`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      rounds: { type: "string", default: "3" },
      seconds: { type: "string", default: "12" },
      speakers: { type: "string", default: "10" },
      flags: { type: "string", default: NODE_FLAGS.join(" ") },
      snapshot: { type: "string" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  const numbers = [values.rounds, values.seconds, values.speakers].map(Number);
  if (values.help || !numbers.every((number) => Number.isSafeInteger(number) && number > 0)) {
    process.stdout.write(HELP);
    return;
  }
  const [rounds = 1, seconds = 1, speakers = 1] = numbers;
  const flags = values.flags.split(" ").filter((flag) => flag !== "");
  await withPeerHome(async (home) => {
    const call = { home, seconds, speakers, flags };
    await measure({ ...call, seconds: 1, snapshot: undefined }); // Its compiled code is kept for the others.
    const samples: Sample[] = [];
    for (let round = 1; round <= rounds; round += 1) {
      samples.push(await measure({ ...call, snapshot: round === rounds ? values.snapshot : undefined }));
      process.stderr.write(`round ${round} of ${rounds}\n`);
    }
    process.stdout.write(tableOf(samples));
  });
}

async function measure({ home, seconds, speakers, flags, snapshot }: Options): Promise<Sample> {
  const workDir = await mkdtemp(join(tmpdir(), "meetbot-bench-memory-"));
  const loopbacks = new LoopbackProcess();
  let child: ChildProcess | undefined;
  try {
    const call = await loopbacks.open({
      load: { seed: 5, speakers, seconds, speech: "spurts" },
      impairments: { seed: 5 },
      encryptionMode: "aead_aes256_gcm_rtpsize",
      workDir,
    });
    child = spawn(process.execPath, [...flags, WORKER_ARGUMENTS.at(-1) ?? "", "record"], {
      env: {
        PATH: process.env.PATH,
        HOME: home,
        ...WORKER_ENVIRONMENT,
        NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(ACCOUNTANT)}`,
        ...(snapshot === undefined ? {} : { BENCH_SNAPSHOT: snapshot }),
        MEETBOT_STORAGE_URI: `file:${join(workDir, "recordings")}`,
        MEETBOT_SPOOL_DIR: join(workDir, "spool"),
        MEETBOT_JOB_ID: "bench",
        ...call.environment,
      },
      stdio: "pipe",
    });
    await lineOf(child, "state: recording", PATIENCE_MS);
    const start = await mappingsOf(child);
    await call.sent;
    await sleep(SETTLE_MS);
    const end = await mappingsOf(child);
    const heap = await heapOf(child);
    if (snapshot !== undefined) await sleep(SNAPSHOT_MS);
    return { start, end, heap };
  } finally {
    if (child !== undefined && child.exitCode === null) {
      const ended = once(child, "exit");
      child.kill("SIGTERM"); // A process that is killed keeps no compiled code.
      await ended;
    }
    await loopbacks.close();
    await rm(workDir, { recursive: true, force: true });
  }
}

async function mappingsOf({ pid }: ChildProcess): Promise<ReadonlyMap<MappingKind, Resident>> {
  return residentByKind(await readFile(`/proc/${pid}/smaps`, "utf8"));
}

async function heapOf(child: ChildProcess): Promise<Readonly<Record<string, number>>> {
  const answer = Promise.withResolvers<Readonly<Record<string, number>>>();
  let text = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    text += chunk.toString();
    const [, json] = /^heap (\{.*\})$/m.exec(text) ?? [];
    if (json !== undefined) answer.resolve(JSON.parse(json));
  });
  child.kill("SIGUSR2");
  return await answer.promise;
}

function tableOf(samples: readonly Sample[]): string {
  const rows: [string, ...string[]][] = [["", "recording: RSS", "USS", "after the call: RSS", "PSS", "USS"]];
  const row = (name: string, pick: (sample: Sample["start"]) => Resident): void => {
    const at = (time: "start" | "end", field: keyof Resident): string =>
      megabytes(median(samples.map((sample) => pick(sample[time])[field])));
    rows.push([name, at("start", "rss"), at("start", "uss"), at("end", "rss"), at("end", "pss"), at("end", "uss")]);
  };
  for (const kind of MAPPING_KINDS) row(kind, (kinds) => kinds.get(kind) ?? sumOf([]));
  row("all", (kinds) => sumOf(kinds.values()));
  const names = Object.keys(samples[0]?.heap ?? {});
  const heap = names.map((name) => [name, megabytes(median(samples.map(({ heap }) => heap[name] ?? 0)))]);
  const lines = [...rows, [""], ["V8's account after the call"], ...heap];
  return `${lines.map(([name = "", ...cells]) => name.padEnd(38) + cells.map((cell) => cell.padStart(20)).join("")).join("\n")}\n`;
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}

await main();
