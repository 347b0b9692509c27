/**
 * `npm run bench`: the costs and losses of the worker, compared with the stock discord.js recipe and a bare receive
 * loop on the same load. results.ts lists the figures, targets.ts the targets; each section is a file of its own.
 */
import { readFile, writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { InputError } from "../../src/errors.ts";
import { withMarked } from "../../tools/marked.ts";
import { splitCores, stayOn } from "./cores.ts";
import { makeLoad } from "./load.ts";
import { machine, receiveBufferLimit, versionOfNode } from "./machine.ts";
import { withPeerHome } from "./peer-home.ts";
import { OTHER_NODE, PEERS, type PeerName } from "./peers.ts";
import type { Plan } from "./plan.ts";
import { type Measurement, type Results, resultsSchema, SECTIONS, type SectionName } from "./results.ts";
import { runPeer } from "./run-peer.ts";
import { measureCpu } from "./sections/cpu.ts";
import { measureDensity } from "./sections/density.ts";
import { measureLoss } from "./sections/loss.ts";
import { measureMemory } from "./sections/memory.ts";
import { measureSize } from "./sections/size.ts";
import { measureStart } from "./sections/start.ts";
import { markdownTable, markdownTargets, textTable } from "./tables.ts";
import { judgeTargets } from "./targets.ts";

const HELP = `npm run bench -- [options]

  --only LIST      sections, of ${SECTIONS.join(",")} (all)
  --quick          one round of short calls, some with the peers at once: whether it works, not how good it is
  --rounds N       each peer so many times, interleaved (1)
  --minutes N      how long the call for the growth of memory lasts; a target needs 30 (1; with --quick 0.3)
  --node PATH      measure the worker on this Node too, in a column of its own (not in loss, density and size)
  --json FILE      the results as JSON, one object for each peer and load
  --from FILES     measure nothing: take each section from the first of these JSON files (with commas between) that has it
  --docs           write the tables into docs/develop/performance.md
  --help

With one round the sections take about, in minutes: cpu 8, loss 6, start 1, memory 2 and the call for the growth, density
1, size 1. Each can be run by itself, in any order. Two rounds of the same program differ by up to 15 %.

The peer has the first core to itself, the load and the bench the last one. It needs Linux and two cores.
`;

const MEASURE: Readonly<Record<SectionName, (plan: Plan) => Promise<Measurement[]>>> = {
  cpu: measureCpu,
  loss: measureLoss,
  start: measureStart,
  memory: measureMemory,
  density: measureDensity,
  size: measureSize,
};

/** Any would do: the network harms nothing here. */
const SEED = 5;
const ROOT = new URL("../../", import.meta.url);
/** Has the tables that `--docs` writes. */
const PAGE = "docs/develop/performance.md";

interface Options {
  readonly sections: readonly SectionName[];
  readonly quick: boolean;
  readonly rounds: number;
  readonly longRunMinutes: number;
  readonly otherNode: string | undefined;
  readonly jsonFile: string | undefined;
  readonly fromFiles: readonly string[];
  readonly docs: boolean;
}

async function main(): Promise<void> {
  const options = readOptions();
  if (options === undefined) {
    process.stdout.write(HELP);
    return;
  }
  const results = options.fromFiles.length > 0 ? await readResults(options.fromFiles) : await measure(options);
  process.stdout.write(`${textTable(results)}\n`);
  if (options.jsonFile !== undefined) await writeFile(options.jsonFile, `${JSON.stringify(results, null, 2)}\n`);
  if (options.docs) {
    await rewrite(PAGE, "bench-targets", markdownTargets(results));
    await rewrite(PAGE, "bench", markdownTable(results));
  }
}

async function measure(options: Options): Promise<Results> {
  const { sections, quick, rounds, longRunMinutes, otherNode } = options;
  const otherVersion = otherNode === undefined ? [] : [`other Node ${versionOfNode(otherNode)}`];
  const cores = splitCores();
  stayOn(cores.load);
  const progress = (line: string): void => void process.stderr.write(`${line}\n`);
  const measurements = await withPeerHome(async (home) => {
    const peers: readonly PeerName[] = otherNode === undefined ? PEERS : [...PEERS, OTHER_NODE];
    const plan: Plan = { quick, cores, host: { home, otherNode }, peers, seed: SEED, rounds, longRunMinutes, progress };
    if (!quick) await warmUp(plan);
    const ofSections: Measurement[] = [];
    for (const section of sections) {
      const startedAtMs = performance.now();
      ofSections.push(...(await MEASURE[section](plan)));
      progress(`${section} took ${((performance.now() - startedAtMs) / 60_000).toFixed(1)} minutes`);
    }
    return ofSections;
  });
  const lines = [...machine(), ...otherVersion, `${receiveBufferLimit()}; one core for the peer, one for the load`];
  return { machine: lines, quick, measurements, targets: judgeTargets(measurements) };
}

/** One short call to each peer, so that the measured starts find compiled code in the home, and files in the system's cache. */
async function warmUp({ host, peers, cores, seed }: Plan): Promise<void> {
  const load = makeLoad({ seed, speakers: 1, seconds: 1, speech: "continuous" });
  for (const peer of peers) await runPeer(peer, { host, load, impairments: { seed }, cores: cores.peer });
}

/** One result of each section: the first file's that has it. */
async function readResults(files: readonly string[]): Promise<Results> {
  const all = await Promise.all(files.map(readJson));
  const [first] = all;
  if (first === undefined) throw new InputError("--from names no file");
  if (all.some(({ machine, quick }) => machine.join() !== first.machine.join() || quick !== first.quick)) {
    throw new InputError("--from names results of different machines or of --quick and full runs, expected one kind");
  }
  const measurements = SECTIONS.flatMap((section) => {
    const having = all.find((results) => results.measurements.some((measurement) => measurement.section === section));
    return having?.measurements.filter((measurement) => measurement.section === section) ?? [];
  });
  return { ...first, measurements, targets: judgeTargets(measurements) };
}

async function readJson(file: string): Promise<Results> {
  let json: unknown;
  try {
    json = JSON.parse(await readFile(file, "utf8"));
  } catch (error) {
    throw new InputError(`--from: ${file} cannot be read as JSON: ${error instanceof Error ? error.message : error}`);
  }
  const parsed = resultsSchema.safeParse(json);
  if (!parsed.success) throw new InputError(`--from: ${file} is not a result of this bench: ${parsed.error.message}`);
  return parsed.data;
}

async function rewrite(file: string, name: string, content: string): Promise<void> {
  const url = new URL(file, ROOT);
  await writeFile(url, withMarked(file, await readFile(url, "utf8"), name, content));
}

function readOptions(): Options | undefined {
  const { values } = parseArgs({
    options: {
      only: { type: "string", default: SECTIONS.join(",") },
      quick: { type: "boolean", default: false },
      rounds: { type: "string" },
      minutes: { type: "string" },
      node: { type: "string" },
      json: { type: "string" },
      from: { type: "string", default: "" },
      docs: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return undefined;
  const longRunMinutes = Number(values.minutes ?? (values.quick ? 0.3 : 1));
  if (!(longRunMinutes >= 0.1 && longRunMinutes <= 600)) {
    throw new InputError(`--minutes is ${values.minutes}, expected a number from 0.1 to 600`);
  }
  const rounds = Number(values.rounds ?? 1);
  if (!Number.isSafeInteger(rounds) || rounds < 1) {
    throw new InputError(`--rounds is ${values.rounds}, expected a whole number, 1 or more`);
  }
  return {
    rounds,
    sections: values.only.split(",").map(sectionNamed),
    quick: values.quick,
    longRunMinutes,
    otherNode: values.node,
    jsonFile: values.json,
    fromFiles: values.from === "" ? [] : values.from.split(","),
    docs: values.docs,
  };
}

function sectionNamed(text: string): SectionName {
  const section = SECTIONS.find((name) => name === text);
  if (section === undefined) throw new InputError(`--only names ${text}, expected some of ${SECTIONS.join(", ")}`);
  return section;
}

try {
  await main();
} catch (error) {
  if (!(error instanceof InputError)) throw error;
  process.stderr.write(`bench: ${error.message}\n`);
  process.exitCode = 1;
}
