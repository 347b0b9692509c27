import type { LiveJob } from "../../sdk/types.ts";
import { clock } from "../../text/clock.ts";
import { printable } from "../../text/safe-text.ts";
import { finishingWords, inCallWords, leaveLine, MARKS, recordingWords, uploadLine } from "./call-words.ts";
import { fittedView, type Line, peopleLines, personLine, type Size, withPlace } from "./fitting.ts";

/** What somebody who watches a job knows about it. */
export interface WatchedJob {
  readonly id: string;
  readonly status: string;
  readonly isPaused: boolean;
  /** How long until it joins, in milliseconds; undefined if it does not wait for a time. */
  readonly joinsInMs: number | undefined;
  /** What the worker said last; undefined before that. */
  readonly live: LiveJob | undefined;
  /** How long ago the worker said so, in milliseconds. */
  readonly liveAgeMs: number;
  /** Whether the service cannot be reached now. */
  readonly isLost: boolean;
}

type Participant = LiveJob["participants"][number];

/** Lines about a job for somebody who watches it from elsewhere: those of the worker's own view, as far as it says them. */
export function renderWatched(job: WatchedJob, size: Size): string[] {
  const { columns } = size;
  return fittedView(
    {
      state: stateLine(job, columns),
      people: (maxLines) => (job.live === undefined ? [] : people(job.live, maxLines, columns)),
      figures: job.live === undefined ? [] : [uploadLine(job.live.uploads)],
      controls: [...connectionLines(job), ...leaveLines(job), KEYS],
    },
    size,
  );
}

const KEYS: Line = ["Ctrl-C stops watching; the bot stays in the call", "Ctrl-C stops watching"];

function stateLine(job: WatchedJob, columns: number): Line {
  const { live, joinsInMs } = job;
  if (joinsInMs !== undefined) {
    const time = `─── ${job.status}, joins in ${clock(Math.ceil(joinsInMs / 1_000))}`;
    return [`${time}  ${job.id}`, time];
  }
  if (live === undefined) return [`─── ${job.status}  ${job.id}`, `─── ${job.status}`];
  const start = `─── ${stateText(job, live)}  ${clock(Math.floor(elapsedMs(job, live) / 1_000))}`;
  if (live.channel === null) return [`${start}  ${job.id}`, start];
  const guild = live.guild?.name;
  return withPlace(start, printable(live.channel.name), guild === undefined ? undefined : printable(guild), columns);
}

function stateText({ status, isPaused }: WatchedJob, live: LiveJob): string {
  switch (status) {
    case "recording":
      return recordingWords(isPaused, live.connection ?? undefined);
    case "in_call":
      return inCallWords(live.stopped);
    case "finalizing":
      return finishingWords(live.exitReason);
    default:
      return status;
  }
}

/** The worker says what changes; its clock continues by itself. */
function elapsedMs({ status, liveAgeMs }: WatchedJob, { elapsedSeconds, startedAt }: LiveJob): number {
  const isCounting = startedAt !== null && (status === "recording" || status === "in_call");
  return elapsedSeconds * 1_000 + (isCounting ? liveAgeMs : 0);
}

function people({ participants }: LiveJob, maxLines: number, columns: number): string[] {
  return peopleLines(
    {
      here: participants.filter(({ present }) => present),
      rank: ({ speaking, spoke }) => (speaking === true ? 2 : spoke ? 1 : 0),
      line: ({ speaking, bot, displayName, consent }) => {
        const tags = `${bot ? " (bot)" : ""}${CONSENT_TAGS[consent] ?? ""}`;
        const mark = speaking === true ? MARKS.speaking : MARKS.silent;
        return personLine({ mark, level: undefined, name: printable(displayName), tags }, columns);
      },
    },
    maxLines,
    columns,
  );
}

const CONSENT_TAGS: Readonly<Partial<Record<Participant["consent"], string>>> = {
  declined: " (not recorded)",
  unanswered: " (has not answered)",
};

function connectionLines({ isLost }: WatchedJob): Line[] {
  return isLost ? [["the service cannot be reached; trying again", "service not reached"]] : [];
}

function leaveLines({ status, live, liveAgeMs }: WatchedJob): Line[] {
  const [next] = live?.autoLeave ?? [];
  if (next === undefined || (status !== "recording" && status !== "in_call")) return [];
  const { exitReason, remainingSeconds, waitsFor } = next;
  const passedMs = waitsFor === null ? liveAgeMs : 0;
  return [leaveLine(exitReason, remainingSeconds * 1_000 - passedMs, waitsFor ?? undefined)];
}
