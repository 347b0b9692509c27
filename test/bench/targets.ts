import type { PeerName } from "./peers.ts";
import {
  type FigureName,
  isLagging,
  type LoadKey,
  type Measurement,
  type Row,
  rowsOf,
  type Verdict,
  valueIn,
} from "./results.ts";

/** A target for one of our figures. */
interface Target {
  readonly figure: FigureName;
  /** For which loads. Default: all. */
  readonly applies?: (load: LoadKey) => boolean;
  readonly limit: number;
  readonly is: "at most" | "at least" | "under";
  /** Length of the call; a shorter one shows nothing. */
  readonly leastSeconds?: number;
  /** The figure is a share of this peer's. */
  readonly of?: Exclude<PeerName, "ours">;
}

const inFullCalls = ({ speakers }: LoadKey): boolean => speakers === 25 || speakers === 99;

const TARGETS: readonly Target[] = [
  { figure: "cpuMicrosPerPacket", applies: ({ speakers }) => speakers === 4, is: "at most", limit: 0.5, of: "recipe" },
  { figure: "cpuMicrosPerPacket", applies: inFullCalls, is: "at most", limit: 0.5, of: "recipe" },
  { figure: "cpuMicrosPerPacket", applies: inFullCalls, is: "at most", limit: 1, of: "floor" },
  { figure: "worstLostPackets", applies: ({ rate }) => rate === 1 || rate === 4, is: "at most", limit: 0 },
  { figure: "fastestWithoutLoss", is: "at least", limit: 4 },
  { figure: "recordingAfterMs", is: "at most", limit: 350 },
  { figure: "manifestAfterMs", is: "at most", limit: 200 },
  { figure: "residentMegabytes", applies: ({ speakers }) => speakers === 10, is: "at most", limit: 100 },
  { figure: "slopeMegabytesPerHour", is: "under", limit: 1, leastSeconds: 1_800 },
  { figure: "overheadPercent", is: "at most", limit: 3 },
];

/** Every target that these measurements say something about, in their order. */
export function judgeTargets(measurements: readonly Measurement[]): Verdict[] {
  return rowsOf(measurements).flatMap((row) => TARGETS.flatMap((target) => judge(target, row) ?? []));
}

function judge(target: Target, row: Row): Verdict | undefined {
  const { section, load, figure } = row;
  if (figure !== target.figure || target.applies?.(load) === false) return undefined;
  const ours = valueIn(row, "ours");
  const reference = target.of === undefined ? 1 : valueIn(row, target.of);
  if (ours === undefined || reference === undefined) return undefined;
  const value = ours / reference;
  const words = target.of === undefined ? "" : ` × ${target.of}`;
  const verdict = isVoid(target, row) ? "void" : isMet(target, value) ? "met" : "missed";
  return { section, load, figure, target: `${target.is} ${target.limit}${words}`, value, verdict };
}

/**
 * Growth shows in hours: what a heap does in minutes, up or down, says nothing of it. Shares are of the same work: not
 * if the load was late for one of the two, or the worker has not done all of it.
 */
function isVoid({ of, leastSeconds = 0 }: Target, { measurements, load }: Row): boolean {
  if ((load.seconds ?? 0) < leastSeconds) return true;
  if (of === undefined) return false;
  const compared = measurements.filter(({ peer }) => peer === "ours" || peer === of);
  return compared.some((measurement) => isLagging(measurement) || hasLost(measurement));
}

function hasLost({ peer, figures }: Measurement): boolean {
  return peer === "ours" && (figures.lostPackets ?? 0) > 0;
}

function isMet({ is, limit }: Target, value: number): boolean {
  switch (is) {
    case "at most":
      return value <= limit;
    case "at least":
      return value >= limit;
    case "under":
      return value < limit;
  }
}
