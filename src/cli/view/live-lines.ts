import type { JobSnapshot } from "../../recording/job/status.ts";
import { clock } from "../../text/clock.ts";
import { megabytes } from "../../text/megabytes.ts";
import { printable } from "../../text/safe-text.ts";
import { finishingWords, inCallWords, leaveLine, MARKS, recordingWords, uploadLine } from "./call-words.ts";
import { fittedView, type Line, peopleLines, personLine, type Size, withPlace } from "./fitting.ts";

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

/** Lines about a job for a person at its terminal. */
export function renderLive(status: ShownStatus, heard: Heard, size: Size): string[] {
  const { columns } = size;
  return fittedView(
    {
      state: stateLine(status, columns),
      people: (maxLines) => people(status, heard, maxLines, columns),
      figures: [packetsLine(status), bytesLine(status)],
      controls: [...leaveLines(status), keysLine(status)],
    },
    size,
  );
}

/** The state, the time, and which call it is. */
function stateLine(status: ShownStatus, columns: number): Line {
  const time = clock(Math.floor(status.recordedMs / 1_000));
  const start = `─── ${stateText(status)}  ${time}`;
  const { channel: now, recordingStart } = status.record;
  if (now === undefined || recordingStart === undefined) return [`${start}  ${status.jobId}`, start];
  return withPlace(start, printable(now.name), printable(recordingStart.place.guildName), columns);
}

function stateText({ state, call }: ShownStatus): string {
  switch (state.status) {
    case "recording":
      return recordingWords(state.paused, call?.connection);
    case "in_call":
      return inCallWords(state.stopped);
    case "finalizing":
      return finishingWords(state.end.exitReason);
    default:
      return state.status;
  }
}

function people({ record }: ShownStatus, heard: Heard, maxLines: number, columns: number): string[] {
  return peopleLines(
    {
      here: record.people.participants().filter(({ id }) => record.people.isPresent(id)),
      rank: ({ id }) => (heard.speaking.has(id) ? 2 : heard.recent.has(id) ? 1 : 0),
      line: ({ id, displayName, bot }) => {
        const isKept = record.consents.mayKeep(id, Number.POSITIVE_INFINITY);
        const tags = `${bot ? " (bot)" : ""}${isKept ? "" : " (not recorded)"}`;
        const mark = heard.speaking.has(id) ? MARKS.speaking : MARKS.silent;
        return personLine({ mark, level: levelOf(id, heard), name: printable(displayName), tags }, columns);
      },
    },
    maxLines,
    columns,
  );
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
  const [uploading, ...shorter] = uploadLine(uploads);
  return [`disk: ${megabytes(spoolBytes)} MB; ${uploading}`, uploading, ...shorter];
}

function leaveLines({ state, countdowns }: ShownStatus): Line[] {
  const [next] = countdowns;
  if (next === undefined || state.status === "finalizing") return [];
  return [leaveLine(next.exitReason, next.remainingMs, next.waitingFor)];
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
