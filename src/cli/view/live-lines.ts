import type { JobSnapshot } from "../../recording/job/status.ts";
import { EXIT_REASONS } from "../../session/exit.ts";
import { COUNTDOWN_WORDS, WAIT_WORDS } from "../../session/leaving/auto-leave.ts";
import { printable } from "../../text/safe-text.ts";
import { columnsOf, cutToColumns } from "./text-width.ts";

/** A name is cut here even if the terminal is wider, which keeps the following columns aligned. */
const MAX_NAME_COLUMNS = 40;
/** Fewer columns of a name say nothing. */
const LEAST_NAME_COLUMNS = 4;
/** Rows above the view that are kept for the log, unless the window is small. */
const LOG_ROWS = 5;
const SMALL_WINDOW_ROWS = 20;

export type ShownStatus = Pick<
  JobSnapshot,
  "jobId" | "state" | "recordedMs" | "record" | "datagrams" | "countdowns" | "uploads" | "spoolBytes" | "call"
>;

/** Columns of a level, of 5 dB each: speech is between -40 and -15 dB of full scale. */
const LEVEL_COLUMNS = 8;
const LEAST_DECIBELS = -50;
const DECIBELS_PER_COLUMN = 5;

/** The people heard now, by user id. */
export interface Heard {
  /** People who send packets now. */
  readonly speaking: ReadonlySet<string>;
  /** People who sent packets in the last seconds. */
  readonly recent: ReadonlySet<string>;
  /** Root mean square in dB of full scale; undefined if it is not measured. */
  readonly levels: ReadonlyMap<string, number> | undefined;
}

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** A line in several lengths, the longest first: the first that fits is shown. */
type Line = readonly [string, ...string[]];

/**
 * Lines about a job for a person at the terminal, none wider than the terminal. If there are few rows, people are only
 * counted. With fewer still, figures are left out; the next auto-leave rule and the keys go last.
 */
export function renderLive(status: ShownStatus, heard: Heard, { columns, rows }: Size): string[] {
  const figures = [packetsLine(status), bytesLine(status)].map((line) => fitting(line, columns));
  const controls = [...leaveLines(status), keysLine(status)].map((line) => fitting(line, columns));
  const forLog = rows < SMALL_WINDOW_ROWS ? 0 : LOG_ROWS;
  const people = peopleLines(status, heard, rows - forLog - 1 - figures.length - controls.length, columns);
  const spare = Math.max(0, rows - 1 - controls.length);
  return [fitting(stateLine(status, columns), columns), ...[...people, ...figures].slice(0, spare), ...controls].slice(
    0,
    rows,
  );
}

function fitting(line: Line, columns: number): string {
  return line.find((text) => columnsOf(text) <= columns) ?? cutToColumns(line.at(-1) ?? "", columns);
}

/** The state, the time, and which call it is. */
function stateLine(status: ShownStatus, columns: number): Line {
  const time = clock(Math.floor(status.recordedMs / 1_000));
  const start = `─── ${stateText(status)}  ${time}`;
  const { channel: now, recordingStart } = status.record;
  if (now === undefined || recordingStart === undefined) return [`${start}  ${status.jobId}`, start];
  const [channel, guild] = [printable(now.name), printable(recordingStart.place.guildName)];
  const room = columns - columnsOf(start) - 2;
  const cut = room < LEAST_NAME_COLUMNS ? [] : [`${start}  ${cutToColumns(channel, room)}`];
  return [`${start}  ${channel} in ${guild}`, `${start}  ${channel}`, ...cut, start];
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

/**
 * How many people are present, and as many names as fit into `maxLines`. If not all fit, those who speak come first.
 */
function peopleLines({ record }: ShownStatus, heard: Heard, maxLines: number, columns: number): string[] {
  const here = record.people.participants().filter(({ id }) => record.people.isPresent(id));
  const room = (otherLines: number): number => Math.max(0, maxLines - otherLines);
  const fits = here.length <= room(1);
  const rank = (id: string): number => (heard.speaking.has(id) ? 2 : heard.recent.has(id) ? 1 : 0);
  const byWords = here.toSorted((a, b) => rank(b.id) - rank(a.id));
  const shown = (fits ? here : byWords.slice(0, room(2))).map(({ id, displayName, bot }) => {
    const isKept = record.consents.mayKeep(id, Number.POSITIVE_INFINITY);
    const tags = `${bot ? " (bot)" : ""}${isKept ? "" : " (not recorded)"}`;
    return personLine(
      { mark: markOf(id, heard), level: levelOf(id, heard), name: printable(displayName), tags },
      columns,
    );
  });
  const more = here.length - shown.length;
  return [`${here.length} here`, ...shown, ...(more > 0 && maxLines > 1 ? [`  and ${more} more`] : [])].map((line) =>
    cutToColumns(line, columns),
  );
}

interface PersonLine {
  readonly mark: string;
  /** Undefined if it is not measured. */
  readonly level: string | undefined;
  readonly name: string;
  readonly tags: string;
}

/** In a narrow window the level is left out before the name is cut. */
function personLine({ mark, level, name, tags }: PersonLine, columns: number): string {
  const short = cutToColumns(name, MAX_NAME_COLUMNS);
  const plain = `  ${mark} `;
  const whole = level === undefined ? plain : `${plain}${level} `;
  if (columnsOf(whole) + columnsOf(short) + columnsOf(tags) <= columns) return `${whole}${short}${tags}`;
  const room = columns - columnsOf(plain) - columnsOf(tags);
  return room < LEAST_NAME_COLUMNS ? `${plain}${short}` : `${plain}${cutToColumns(short, room)}${tags}`;
}

function markOf(id: string, { speaking }: Heard): string {
  return speaking.has(id) ? "●" : "·";
}

function levelOf(id: string, { speaking, levels }: Heard): string | undefined {
  if (levels === undefined) return undefined;
  if (!speaking.has(id)) return " ".repeat(LEVEL_COLUMNS);
  const above = (levels.get(id) ?? LEAST_DECIBELS) - LEAST_DECIBELS;
  const full = Math.min(LEVEL_COLUMNS, Math.max(0, Math.ceil(above / DECIBELS_PER_COLUMN)));
  return `${"━".repeat(full)}${"─".repeat(LEVEL_COLUMNS - full)}`;
}

/** Losses are known once their part is finished. */
function packetsLine({ datagrams, record }: ShownStatus): Line {
  const lost = record.parts.reduce((sum, part) => sum + part.packets.lost, 0);
  const { not_recording: unwanted, padding_only: empty } = datagrams.dropped;
  const dropped = datagrams.received - datagrams.written - unwanted - empty;
  const losses = `${lost} lost, ${dropped} dropped`;
  return [`packets: ${datagrams.written} written, ${losses}`, `packets: ${losses}`, `${lost + dropped} lost`];
}

function bytesLine({ spoolBytes, uploads }: ShownStatus): Line {
  const { waitingFiles, waitingBytes, storedFiles, failedFiles } = uploads;
  const failed = failedFiles > 0 ? `, ${failedFiles} failed` : "";
  const files = `${waitingFiles} waiting (${megabytes(waitingBytes)} MB), ${storedFiles} stored${failed}`;
  const short = `uploads: ${waitingFiles} waiting${failed}`;
  return [`disk: ${megabytes(spoolBytes)} MB; uploads: ${files}`, `uploads: ${files}`, short];
}

function leaveLines({ state, countdowns }: ShownStatus): Line[] {
  const [next] = countdowns;
  if (next === undefined || state.status === "finalizing") return [];
  const time = `leaves in ${clock(Math.ceil(Math.max(0, next.remainingMs) / 1_000))}`;
  const why = `${time}: ${COUNTDOWN_WORDS[next.exitReason]}`;
  return [next.waitingFor === undefined ? [why, time] : [`${why} (waits: ${WAIT_WORDS[next.waitingFor]})`, why, time]];
}

function keysLine({ state }: ShownStatus): Line {
  if (state.status === "finalizing") {
    return ["Ctrl-C stops at once; the rest stays in the spool", "Ctrl-C stops at once", "Ctrl-C stops"];
  }
  const leave = ["q leave, Ctrl-C stop", "q leave"] as const;
  if (state.status !== "recording") return leave;
  const pause = `p ${state.paused ? "resume" : "pause"}`;
  return [`${pause}, ${leave[0]}`, `${pause}, q leave`, "q leave"];
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
