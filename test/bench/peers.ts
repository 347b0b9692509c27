import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { WORKER_ARGUMENTS, WORKER_ENVIRONMENT } from "../support/shipped-worker.ts";
import { pinned } from "./cores.ts";
import type { Load } from "./load.ts";
import { type Fidelity, judge } from "./metrics.ts";
import { readFloor, readOurs, readRecipe } from "./outputs.ts";

/** The programs that record the calls: floor.ts and recipe.ts describe theirs, and ours is the shipped worker. */
export const PEERS = ["ours", "recipe", "floor"] as const;
/** The shipped worker on the Node that `--node` names. */
export const OTHER_NODE = "oursOnOtherNode" as const;
export type PeerName = (typeof PEERS)[number] | typeof OTHER_NODE;

/** What all peers of a bench share. */
export interface PeerHost {
  /** Their home folder. The worker keeps its compiled code there, as an installed one does. */
  readonly home: string;
  /** Path of the interpreter of `oursOnOtherNode`. */
  readonly otherNode: string | undefined;
}

interface Peer {
  /** Arguments of `node`. */
  readonly command: readonly string[];
  environment(outputDirectory: string): Readonly<Record<string, string>>;
  read(outputDirectory: string, load: Load): Promise<Fidelity>;
  /** The extension of its audio files. */
  readonly audioSuffix: string;
  /** Where these files begin. */
  readonly audioFolder: (outputDirectory: string) => string;
}

const pathOf = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
export const JOB_ID = "bench";

/** The spool may not be in the storage. */
const spoolOf = (outputDirectory: string): string => `${outputDirectory}-spool`;

const OURS: Peer = {
  command: [...WORKER_ARGUMENTS, "record"],
  environment: (outputDirectory) => ({
    ...WORKER_ENVIRONMENT,
    MEETBOT_AUTO_LEAVE_AFTER_SOLO_SECONDS: "1",
    MEETBOT_STORAGE_URI: `file:${outputDirectory}`,
    MEETBOT_SPOOL_DIR: spoolOf(outputDirectory),
    MEETBOT_JOB_ID: JOB_ID,
    MEETBOT_LOG_LEVEL: "warn",
  }),
  read: async (directory, { truth }) => judge(await readOurs(join(directory, JOB_ID)), truth),
  audioSuffix: ".ogg",
  audioFolder: spoolOf,
};

export const PEER: Readonly<Record<PeerName, Peer>> = {
  ours: OURS,
  [OTHER_NODE]: OURS,
  recipe: {
    command: [pathOf("peers/recipe.ts")],
    environment: (outputDirectory) => ({ BENCH_OUTPUT: outputDirectory }),
    read: async (directory, { truth }) => judge(await readRecipe(directory), truth),
    audioSuffix: ".ogg",
    audioFolder: (outputDirectory) => outputDirectory,
  },
  floor: {
    command: [pathOf("peers/floor.ts")],
    environment: (outputDirectory) => ({ BENCH_OUTPUT: outputDirectory }),
    read: async (directory, { truth }) => {
      const keys = await readFloor(directory);
      const received = [...truth.keys()].filter((key) => keys.has(key)).length;
      return { received, inversions: 0, meanMs: 0, worstMs: 0, misalignmentMs: 0 };
    },
    audioSuffix: ".bin",
    audioFolder: (outputDirectory) => outputDirectory,
  },
};

export interface StartOptions {
  readonly host: PeerHost;
  readonly outputDirectory: string;
  /** The loopback's, and whatever else is to be different from the peer's own. */
  readonly environment: Readonly<Record<string, string>>;
  /** As taskset(1) lists them; undefined means all. */
  readonly cores?: string | undefined;
  /** Where the peer leaves a CPU profile. It makes the run slower. */
  readonly profileDirectory?: string | undefined;
  /** Whether its output is read; otherwise only standard error is shown. */
  readonly readOutput?: boolean;
}

/** Starts the peer as a process of its own. Peers but ours end when their standard input does. */
export function startPeer(name: PeerName, options: StartOptions): ChildProcess {
  const { host, outputDirectory, environment, cores, profileDirectory, readOutput = false } = options;
  const profiling =
    profileDirectory === undefined
      ? {}
      : { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${profileDirectory} --cpu-prof-name=${name}.cpuprofile` };
  const [program, ...args] = pinned(cores, [interpreterOf(name, host), ...PEER[name].command]);
  const surroundings = { PATH: process.env.PATH, HOME: host.home };
  return spawn(program, args, {
    env: { ...surroundings, ...profiling, ...PEER[name].environment(outputDirectory), ...environment },
    stdio: readOutput ? "pipe" : ["pipe", "ignore", "inherit"],
  });
}

function interpreterOf(name: PeerName, { otherNode }: PeerHost): string {
  if (name !== OTHER_NODE) return process.execPath;
  if (otherNode === undefined) throw new Error("no other Node is given");
  return otherNode;
}
