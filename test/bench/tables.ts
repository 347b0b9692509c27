import { OTHER_NODE, PEERS, type PeerName } from "./peers.ts";
import {
  FIGURES,
  type FigureName,
  isLagging,
  type LoadKey,
  type Results,
  type Row,
  rowsOf,
  type Verdict,
} from "./results.ts";
import { median } from "./statistics.ts";

/** From the peer with the least work to the one that is judged. */
const ALWAYS: readonly PeerName[] = PEERS.toReversed();
const MODE_NAMES = { aead_aes256_gcm_rtpsize: "AES-256-GCM", aead_xchacha20_poly1305_rtpsize: "XChaCha20" } as const;
const LAGGING = "†";
/** Shown with the number of packets that were sent. */
const LOST_FIGURES: ReadonlySet<FigureName> = new Set(["lostPackets", "worstLostPackets"]);

/** The table for a terminal, with what it depends on above and what its marks mean below. */
export function textTable(results: Results): string {
  const rows = cellsOf(results);
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) =>
        isText(column, row) ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join("  ")
      .trimEnd();
  return [...results.machine, ...notes(results), "", ...rows.map(line), "", ...footnotes(results)].join("\n");
}

/** All of it for a document. */
export function markdownTable(results: Results): string {
  const [head = [], ...rows] = cellsOf(results);
  const rule = head.map((_, column) => (isText(column, head) ? "---" : "--:"));
  const lines = [head, rule, ...rows].map((row) => `| ${row.join(" | ")} |`);
  return [...results.machine, ...notes(results), ...footnotes(results), "", ...lines].join("\n");
}

/** For a reader in a hurry: only figures with targets. */
export function markdownTargets(results: Results): string {
  const rows = results.targets.map((verdict) => {
    const { digits, unit } = FIGURES[verdict.figure];
    const isShare = verdict.target.includes("×");
    const value = isShare ? verdict.value.toFixed(2) : withUnit(verdict.value.toFixed(digits), unit);
    return `| ${label(verdict)} | ${verdict.target} | ${value} | ${verdict.verdict === "met" ? "met" : `**${verdict.verdict}**`} |`;
  });
  return [
    ...results.machine,
    ...notes(results),
    ...footnotes(results),
    "",
    "| what | target | measured | |",
    "|---|---|--:|---|",
    ...rows,
  ].join("\n");
}

function cellsOf(results: Results): string[][] {
  const hasOther = results.measurements.some(({ peer }) => peer === OTHER_NODE);
  const columns: readonly PeerName[] = hasOther ? [...ALWAYS, OTHER_NODE] : ALWAYS;
  const head = ["", ...columns.map((peer) => (peer === OTHER_NODE ? "ours, other Node" : peer)), "target"];
  return [head, ...rowsOf(results.measurements).map((row) => cells(row, columns, results.targets))];
}

function cells(row: Row, columns: readonly PeerName[], targets: readonly Verdict[]): string[] {
  const verdicts = targets.filter(
    ({ section, load, figure }) =>
      section === row.section && figure === row.figure && JSON.stringify(load) === JSON.stringify(row.load),
  );
  return [label(row), ...columns.map((peer) => cell(row, peer)), verdicts.map(verdictText).join("; ")];
}

function label({ figure, load }: { figure: Row["figure"]; load: LoadKey }): string {
  return [FIGURES[figure].label, ...loadWords(load)].join(", ");
}

function loadWords({ workers, speakers, seconds, speech, encryptionMode, rate, packetBytes }: LoadKey): string[] {
  return [
    ...(workers === undefined ? [] : [`${workers} workers`]),
    ...(speakers === undefined ? [] : [`${speakers} speaker${speakers === 1 ? "" : "s"}`]),
    ...(speech === "continuous" ? ["without pauses"] : []),
    ...(seconds === undefined ? [] : [`${seconds} s`]),
    ...(packetBytes === undefined ? [] : [`${packetBytes} bytes a packet`]),
    ...(encryptionMode === undefined ? [] : [MODE_NAMES[encryptionMode]]),
    ...(rate === undefined ? [] : [`${rate} × 50 packets/s`]),
  ];
}

function cell({ measurements, figure }: Row, peer: PeerName): string {
  const measurement = measurements.find((candidate) => candidate.peer === peer);
  const value = measurement?.figures[figure];
  if (measurement === undefined || value === undefined) return measurement?.instead[figure] ?? "-";
  const { digits, unit } = FIGURES[figure];
  const { sentPackets } = measurement.figures;
  const ofSent = LOST_FIGURES.has(figure) && sentPackets !== undefined ? ` of ${sentPackets}` : "";
  return withUnit(value.toFixed(digits), unit) + ofSent + (isLagging(measurement) ? LAGGING : "");
}

function verdictText({ target, value, verdict, figure }: Verdict): string {
  const share = target.includes("×") ? ` (${value.toFixed(2)})` : "";
  return `${target}${FIGURES[figure].unit === "" || share !== "" ? "" : ` ${FIGURES[figure].unit}`}${share}: ${verdict === "met" ? verdict : verdict.toUpperCase()}`;
}

function withUnit(value: string, unit: string): string {
  return unit === "" ? value : `${value} ${unit}`;
}

/** The first cell of a row is its label, the last one its targets. */
function isText(column: number, row: readonly string[]): boolean {
  return column === 0 || column === row.length - 1;
}

function notes(results: Results): string[] {
  return [...quickNote(results), ...waitNote(results)];
}

/** Whether the machine had anything else to do. */
function waitNote({ measurements }: Results): string[] {
  const waited = measurements.flatMap(({ waitedPercent }) => waitedPercent ?? []);
  if (waited.length === 0) return [];
  const [middle, worst] = [median(waited), Math.max(...waited)].map((percent) => percent.toFixed(0));
  return [`others had the peer's core when it wanted to run: ${middle} % of the time, ${worst} % in the worst call`];
}

function quickNote({ quick }: Results): string[] {
  return quick
    ? ["QUICK: one round of short calls, some with the peers at once; whether it works, not how good it is"]
    : [];
}

function footnotes({ measurements, targets }: Results): string[] {
  return [
    ...(measurements.some(isLagging)
      ? [`${LAGGING} the load itself was late with its packets in these runs, which makes bursts that no call has`]
      : []),
    ...(targets.some(({ verdict }) => verdict === "void")
      ? [
          "void: says nothing, because the load was late, the worker lost packets, or the call was too short to show growth",
        ]
      : []),
  ];
}
