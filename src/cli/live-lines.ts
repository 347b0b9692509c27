import type { JobStatusReport } from "../recording/status.ts";
import { COUNTDOWN_WORDS, HOLD_WORDS } from "../session/auto-leave.ts";
import { EXIT_REASONS } from "../session/exit.ts";
import { printable } from "./summary.ts";

/** People beyond these are counted only. */
const MAX_PEOPLE = 8;
/** Code points of a name; wide characters may take twice as many columns. */
const MAX_NAME = 24;

export type ShownStatus = Pick<
  JobStatusReport,
  "jobId" | "state" | "recordedMs" | "record" | "datagrams" | "countdowns" | "uploads" | "spoolBytes" | "call"
>;

/** Columns of a level, of 5 dB each: speech is between -40 and -15 dB of full scale. */
const LEVEL_COLUMNS = 8;
const LEAST_DECIBELS = -50;
const DECIBELS_PER_COLUMN = 5;

/** What is heard now, by user id. */
export interface Heard {
  /** Those from whom packets come. */
  readonly speaking: ReadonlySet<string>;
  /** Root mean square in dB of full scale; undefined where nobody measures. */
  readonly levels: ReadonlyMap<string, number> | undefined;
}

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/**
 * What a person at the terminal wants to know of a job, each line at most as many code points long as there are columns.
 * Where rows are few, people are counted only, and then figures left out before the rule that leaves next and the keys.
 */
export function renderLive(status: ShownStatus, heard: Heard, { columns, rows }: Size): string[] {
  const state = `─── ${stateText(status)}  ${clock(Math.floor(status.recordedMs / 1_000))}  ${status.jobId}`;
  const figures = [packetsLine(status), bytesLine(status)];
  const controls = [...leaveLines(status), keysLine(status)];
  const people = peopleLines(status, heard, rows - 1 - figures.length - controls.length);
  const spare = Math.max(0, rows - 1 - controls.length);
  return [state, ...[...people, ...figures].slice(0, spare), ...controls]
    .slice(0, rows)
    .map((line) => cut(line, columns));
}

function stateText({ state, call }: ShownStatus): string {
  switch (state.status) {
    case "recording":
      if (state.paused) return "PAUSED";
      return call === undefined || call.connection === "live" ? "recording" : `recording (${call.connection})`;
    case "in_call":
      return state.stopped ? "in call, recording stopped" : "in call";
    case "finalizing":
      return `finishing: ${EXIT_REASONS[state.end.exitReason].sentence}`;
    default:
      return state.status;
  }
}

/** How many are here, and as many of them as `maxLines` hold. */
function peopleLines({ record: { people, consents } }: ShownStatus, heard: Heard, maxLines: number): string[] {
  const here = people.participants().filter(({ id }) => people.isPresent(id));
  const room = (otherLines: number): number => Math.max(0, Math.min(MAX_PEOPLE, maxLines - otherLines));
  const shown = here.slice(0, here.length <= room(1) ? room(1) : room(2)).map(({ id, displayName, bot }) => {
    const name = cut(printable(displayName), MAX_NAME);
    const notRecorded = consents.mayKeep(id, Number.POSITIVE_INFINITY) ? "" : " (not recorded)";
    return `  ${markOf(id, heard)} ${name}${bot ? " (bot)" : ""}${notRecorded}`;
  });
  const more = here.length - shown.length;
  return [`${here.length} here`, ...shown, ...(more > 0 && maxLines > 1 ? [`  and ${more} more`] : [])];
}

function markOf(id: string, { speaking, levels }: Heard): string {
  if (levels === undefined) return speaking.has(id) ? "●" : "·";
  if (!speaking.has(id)) return `· ${" ".repeat(LEVEL_COLUMNS)}`;
  const above = (levels.get(id) ?? LEAST_DECIBELS) - LEAST_DECIBELS;
  const full = Math.min(LEVEL_COLUMNS, Math.max(0, Math.ceil(above / DECIBELS_PER_COLUMN)));
  return `● ${"━".repeat(full)}${"─".repeat(LEVEL_COLUMNS - full)}`;
}

/** Losses are known once the part that has them is finished. */
function packetsLine({ datagrams, record }: ShownStatus): string {
  const lost = record.parts.reduce((sum, part) => sum + part.packets.lost, 0);
  const { not_recording: unwanted, padding_only: empty } = datagrams.dropped;
  const dropped = datagrams.received - datagrams.written - unwanted - empty;
  return `packets: ${datagrams.written} written, ${lost} lost, ${dropped} dropped`;
}

function bytesLine({ spoolBytes, uploads }: ShownStatus): string {
  const failed = uploads.failedFiles > 0 ? `, ${uploads.failedFiles} failed` : "";
  const files = `${uploads.waitingFiles} waiting (${megabytes(uploads.waitingBytes)} MB), ${uploads.storedFiles} stored`;
  return `disk: ${megabytes(spoolBytes)} MB; uploads: ${files}${failed}`;
}

function leaveLines({ state, countdowns }: ShownStatus): string[] {
  const [next] = countdowns;
  if (next === undefined || state.status === "finalizing") return [];
  const held = next.holds === undefined ? "" : ` (waits: ${HOLD_WORDS[next.holds]})`;
  return [
    `leaves in ${clock(Math.ceil(Math.max(0, next.remainingMs) / 1_000))}: ${COUNTDOWN_WORDS[next.exitReason]}${held}`,
  ];
}

function keysLine({ state }: ShownStatus): string {
  if (state.status === "finalizing") return "Ctrl-C stops at once, the rest stays in the spool";
  if (state.status === "recording") return `p ${state.paused ? "resume" : "pause"}, q leave, Ctrl-C stop`;
  return "q leave, Ctrl-C stop";
}

function cut(text: string, length: number): string {
  const characters = [...text];
  return characters.length <= length ? text : `${characters.slice(0, Math.max(0, length - 1)).join("")}…`;
}

/** 59:07, or 1:59:07 */
function clock(seconds: number): string {
  const two = (count: number): string => String(Math.floor(count)).padStart(2, "0");
  const hours = Math.floor(seconds / 3_600);
  const minutes = (seconds % 3_600) / 60;
  return `${hours > 0 ? `${hours}:${two(minutes)}` : Math.floor(minutes)}:${two(seconds % 60)}`;
}

function megabytes(bytes: number): string {
  return (bytes / 1_000_000).toFixed(1);
}
