import type { LoadOptions } from "./load.ts";
import type { Fidelity } from "./metrics.ts";
import { PEERS } from "./peers.ts";
import type { PeerRun } from "./run-peer.ts";
import { median } from "./statistics.ts";

/** A peer's figures over all rounds: of fidelity the worst round's, of CPU the median. */
export interface PeerFigures extends Fidelity {
  readonly sent: number;
  readonly cpuMicrosPerPacket: number;
  /** The same by the names of the threads: `MainThread`, `V8Worker` (compiling, collecting), `libuv-worker` (files). */
  readonly threadMicrosPerPacket: Readonly<Record<string, number>>;
  /** The most that was resident; the median of the rounds. */
  readonly peakMegabytes: number;
}

export interface LoadFigures extends LoadOptions {
  /** Said by all speakers; of these, lost on the way and swapped with their successor. */
  readonly packets: number;
  readonly lost: number;
  readonly swapped: number;
  readonly rounds: number;
}

export interface Results {
  readonly load: LoadFigures;
  readonly ours: PeerFigures;
  readonly recipe: PeerFigures;
  readonly floor: Omit<PeerFigures, keyof Fidelity> & Pick<Fidelity, "received">;
}

/** Limit of the worker's CPU per packet, as a share of the recipe's and of the floor's. */
export const CPU_TARGETS = { recipe: 0.75, floor: 1.3 } as const;

export function figuresOf(runs: readonly PeerRun[]): PeerFigures {
  const worst = (figure: (run: PeerRun) => number): number => Math.max(...runs.map(figure));
  return {
    sent: worst(({ sent }) => sent),
    received: Math.min(...runs.map(({ fidelity }) => fidelity.received)),
    inversions: worst(({ fidelity }) => fidelity.inversions),
    meanMs: rounded(worst(({ fidelity }) => fidelity.meanMs)),
    worstMs: rounded(worst(({ fidelity }) => fidelity.worstMs)),
    misalignmentMs: rounded(worst(({ fidelity }) => fidelity.misalignmentMs)),
    cpuMicrosPerPacket: rounded(median(runs.map(({ cpu, sent }) => (cpu.allMs * 1_000) / sent))),
    threadMicrosPerPacket: byThread(runs),
    peakMegabytes: rounded(median(runs.map(({ peakBytes }) => peakBytes / 1_000_000))),
  };
}

/** Only those that did something: a process has threads that sleep all the time. */
function byThread(runs: readonly PeerRun[]): Record<string, number> {
  const names = new Set(runs.flatMap(({ cpu }) => [...cpu.byThreadMs.keys()]));
  const entries = [...names].map((name): [string, number] => [
    name,
    rounded(median(runs.map(({ cpu, sent }) => ((cpu.byThreadMs.get(name) ?? 0) * 1_000) / sent))),
  ]);
  return Object.fromEntries(entries.filter(([, micros]) => micros > 0));
}

/** Whether the worker has every packet that could be decrypted, each exactly at its place. */
export function isExact({ ours, floor }: Results): boolean {
  return ours.received >= floor.received && ours.inversions === 0 && ours.worstMs === 0;
}

const COLUMNS = ["", "sent", "received", "inversions", "mean ms", "worst ms", "misaligned ms", "CPU µs/packet"];

export function table({ ours, recipe, floor }: Results): string {
  const full = (name: (typeof PEERS)[number], figures: PeerFigures): string[] => [
    name,
    String(figures.sent),
    String(figures.received),
    String(figures.inversions),
    figures.meanMs.toFixed(1),
    figures.worstMs.toFixed(1),
    figures.misalignmentMs.toFixed(1),
    figures.cpuMicrosPerPacket.toFixed(1),
  ];
  const none = "-";
  const floorRow = [
    "floor",
    String(ours.sent),
    String(floor.received),
    none,
    none,
    none,
    none,
    floor.cpuMicrosPerPacket.toFixed(1),
  ];
  const rows = [COLUMNS, full("ours", ours), full("recipe", recipe), floorRow];
  return rows.map((row) => row.map(pad).join("  ")).join("\n");
}

function pad(cell: string, column: number): string {
  return column === 0 ? cell.padEnd(6) : cell.padStart(Math.max(8, COLUMNS[column]?.length ?? 0));
}

export function verdicts(results: Results): string {
  const { ours, recipe, floor } = results;
  const cpu = ours.cpuMicrosPerPacket;
  const line = (name: keyof typeof CPU_TARGETS, ratio: number): string => {
    const target = CPU_TARGETS[name];
    return `CPU ours / ${name}: ${ratio.toFixed(2)} (target: at most ${target}, ${ratio <= target ? "met" : "missed"})`;
  };
  return [
    `Exact: ${isExact(results) ? "yes, ours has every packet at its place" : "NO"}`,
    line("recipe", cpu / recipe.cpuMicrosPerPacket),
    line("floor", cpu / floor.cpuMicrosPerPacket),
  ].join("\n");
}

/** Where the CPU time goes, and what is resident. */
export function resources(results: Results): string {
  const line = (name: (typeof PEERS)[number]): string => {
    const { threadMicrosPerPacket, peakMegabytes } = results[name];
    const threads = Object.entries(threadMicrosPerPacket).map(([thread, micros]) => `${thread} ${micros.toFixed(1)}`);
    return `${name.padEnd(6)}  ${threads.join(", ")} µs/packet; ${peakMegabytes.toFixed(0)} MB at peak`;
  };
  return PEERS.map(line).join("\n");
}

export const DEFINITIONS = `Judged only from the files; packets are recognised by their content.
sent        packets that went out on the wire to the peer; those lost on the way are not among them
received    of these, found in a file of their own speaker (floor: in its one file)
inversions  packets right behind one of the same speaker that was said after them
mean, worst |place in the file - RTP place|, both from the file's first packet on
misaligned  mean difference between two speakers of the same 20 ms in (file start + place - RTP place);
            a file starts where ours' manifest says, and at the wall time in the recipe's file name
CPU         user + system time of the peer's process, all threads, from the first packet until 1 s after the last,
            by packet sent; the median of the rounds. Every other column shows the worst round. Starting, loading
            and compiling modules, logging in and joining come before it in all three, writing the manifest after it;
            storing the parts that end meanwhile is in it.`;

function rounded(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
