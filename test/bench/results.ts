import * as z from "zod";
import { ENCRYPTION_MODES } from "../../src/loopback/voice/transport-crypto.ts";
import { OTHER_NODE, PEERS } from "./peers.ts";

/** What `npm run bench` measures, and the JSON that it writes. */

export const SECTIONS = ["cpu", "loss", "start", "memory", "density", "size"] as const;
export type SectionName = (typeof SECTIONS)[number];

interface FigureKind {
  /** Its label in the table. */
  readonly label: string;
  readonly unit: string;
  /** Behind the point, in the table. */
  readonly digits: number;
}

/** All figures, with units in their names. */
export const FIGURES = {
  cpuMicrosPerPacket: { label: "CPU for a packet", unit: "µs", digits: 1 },
  sentPackets: { label: "packets sent", unit: "", digits: 0 },
  lostPackets: { label: "packets lost", unit: "", digits: 0 },
  worstLostPackets: { label: "packets lost in the worst play", unit: "", digits: 0 },
  kernelDroppedPackets: { label: "of the worst play's, dropped by the kernel", unit: "", digits: 0 },
  fastestWithoutLoss: { label: "highest rate without loss", unit: "× 50 packets/s", digits: 0 },
  lossStartsAt: { label: "losses start at", unit: "× 50 packets/s", digits: 0 },
  recordingAfterMs: { label: "process start to recording", unit: "ms", digits: 0 },
  firstRecordingAfterMs: { label: "process start to recording, first start", unit: "ms", digits: 0 },
  firstPacketAfterMs: { label: "process start to first packet on disk", unit: "ms", digits: 0 },
  manifestAfterMs: { label: "leave to durable manifest", unit: "ms", digits: 0 },
  residentMegabytes: { label: "resident memory", unit: "MB", digits: 1 },
  uniqueMegabytes: { label: "of it unique to the process (USS)", unit: "MB", digits: 1 },
  slopeMegabytesPerHour: { label: "growth of resident memory", unit: "MB/h", digits: 2 },
  slopeErrorMegabytesPerHour: { label: "standard error of the growth", unit: "MB/h", digits: 2 },
  workersWithoutLoss: { label: "workers at once without loss", unit: "", digits: 0 },
  megabytesPerWorker: { label: "resident memory of a worker", unit: "MB", digits: 0 },
  cpuPercentPerWorker: { label: "CPU of a worker, of one core", unit: "%", digits: 1 },
  installMegabytes: { label: "production install", unit: "MB", digits: 1 },
  importMs: { label: "process start to modules imported", unit: "ms", digits: 0 },
  overheadPercent: { label: "bytes on disk over the Opus payload", unit: "%", digits: 2 },
} as const satisfies Readonly<Record<string, FigureKind>>;

export type FigureName = keyof typeof FIGURES;
export const FIGURE_NAMES = Object.keys(FIGURES).filter((name): name is FigureName => name in FIGURES);

const figureName = z.enum(FIGURE_NAMES);

const loadSchema = z.strictObject({
  speakers: z.int().optional(),
  /** Seconds of speech. */
  seconds: z.number().optional(),
  speech: z.enum(["spurts", "continuous"]).optional(),
  encryptionMode: z.enum(ENCRYPTION_MODES).optional(),
  /** So many times the packets of Discord's own clients, in frames that are shorter by this factor. */
  rate: z.number().optional(),
  /** At once, each with a call of its own. */
  workers: z.int().optional(),
  packetBytes: z.int().optional(),
});

/** The results of one peer with one load. */
const measurementSchema = z.strictObject({
  section: z.enum(SECTIONS),
  peer: z.enum([...PEERS, OTHER_NODE]),
  load: loadSchema,
  /** Medians of so many runs, which took turns with the other peers'. */
  rounds: z.int(),
  figures: z.partialRecord(figureName, z.number()),
  /** Why a figure is missing. */
  instead: z.partialRecord(figureName, z.string()),
  /** How late the load was with its packets in 99 of 100 looks at it, in the worst round. */
  sendLagMs: z.number().optional(),
  /** Share of the call in which the peer was ready but others had its core, in the worst round. */
  waitedPercent: z.number().optional(),
});

const verdictSchema = z.strictObject({
  section: z.enum(SECTIONS),
  load: loadSchema,
  figure: figureName,
  /** Such as `at most 0.7 × recipe`. */
  target: z.string(),
  value: z.number(),
  /** `void`: what was measured says nothing, because the load was late, packets were lost, or the call was too short. */
  verdict: z.enum(["met", "missed", "void"]),
});

export const resultsSchema = z.strictObject({
  /** A line for each of what the figures depend on. */
  machine: z.array(z.string()),
  /** Fewer rounds and shorter calls: whether it works, not how good it is. */
  quick: z.boolean(),
  measurements: z.array(measurementSchema),
  targets: z.array(verdictSchema),
});

export type LoadKey = z.infer<typeof loadSchema>;
export type Measurement = z.infer<typeof measurementSchema>;
export type Verdict = z.infer<typeof verdictSchema>;
export type Results = z.infer<typeof resultsSchema>;

/** A load that is more than a packet's length late is no longer the one that it says. */
const MAX_SEND_LAG_MS = 20;

export function isLagging({ sendLagMs = 0 }: Measurement): boolean {
  return sendLagMs > MAX_SEND_LAG_MS;
}

export interface Row {
  readonly section: SectionName;
  readonly load: LoadKey;
  readonly figure: FigureName;
  readonly measurements: readonly Measurement[];
}

/** The measurements of all peers, side by side: a row for each load and figure that no other row includes. */
export function rowsOf(measurements: readonly Measurement[]): Row[] {
  const groups = Map.groupBy(measurements, ({ section, load }) => JSON.stringify([section, load]));
  return [...groups.values()].flatMap((group) => {
    const [{ section, load } = { section: "cpu" as const, load: {} }] = group;
    const figures = FIGURE_NAMES.filter(
      (name) =>
        name !== "sentPackets" &&
        group.some((measurement) => name in measurement.figures || name in measurement.instead),
    );
    return figures.map((figure) => ({ section, load, figure, measurements: group }));
  });
}

/** A peer's figure in a row; undefined if it has none. */
export function valueIn({ measurements, figure }: Row, peer: Measurement["peer"]): number | undefined {
  return measurements.find((measurement) => measurement.peer === peer)?.figures[figure];
}
