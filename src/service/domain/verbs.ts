import type { JobState } from "../../session/state.ts";
import { allows, type CallVerb } from "../../session/verbs.ts";
import { endingOf, isLive, type JobRow } from "./job-row.ts";
import { nextJob } from "./transitions.ts";

/** Every action that a job offers. */
export const VERBS = ["pause", "resume", "stop", "note", "message", "permission", "leave", "cancel"] as const;

export type Verb = (typeof VERBS)[number];

/** Why each action is impossible now, as a clause; null if it is possible. */
export type Obstacles = Readonly<Record<Verb, string | null>>;

const RULES: Readonly<Record<CallVerb, string>> = {
  pause: "only a running recording can be paused",
  resume: "only a paused recording can be resumed",
  stop: "only a recording can be stopped",
  note: "a note can be added only to a running recording",
  message: "it can write only while it is in the call",
  permission: "people can be asked only while the bot records",
};

/** Why the job has no worker to ask; null if it has one. */
export function workerObstacle({ status, worker }: Pick<JobRow, "status" | "worker">): string | null {
  return isLive(status) && worker !== null ? null : `the job is ${status}, and no worker is in its call`;
}

/**
 * The obstacles of a job now. This has no rules of its own: it calls the functions with which the worker and the service
 * decide about a request.
 */
export function obstaclesOf(job: JobRow): Obstacles {
  const inCall = (verb: CallVerb): string | null => callObstacle(job, verb);
  return {
    pause: inCall("pause"),
    resume: inCall("resume"),
    stop: inCall("stop"),
    note: inCall("note"),
    message: inCall("message"),
    permission: inCall("permission"),
    leave: endObstacle(job, "leave"),
    cancel: endObstacle(job, "cancel"),
  };
}

function callObstacle(job: JobRow, verb: CallVerb): string | null {
  if (endingOf(job) !== null) return "the bot is leaving already";
  const state = stateOf(job);
  if (state !== undefined && allows(state, verb)) return workerObstacle(job);
  return `the job is ${nowOf(job)}; ${RULES[verb]}`;
}

function endObstacle(job: JobRow, how: "leave" | "cancel"): string | null {
  if (nextJob(job, { type: "end_asked", at: job.updatedAt, how }) !== undefined) return null;
  return endingOf(job) === null ? `the job is ${job.status}` : "the bot is leaving already";
}

function nowOf({ status, paused, stopped }: JobRow): string {
  if (paused) return "paused";
  return stopped ? "in the call, and recording was stopped" : status;
}

/** The worker's state; undefined if the call is over or has not begun. */
function stateOf({ status, paused, stopped }: JobRow): JobState | undefined {
  switch (status) {
    case "queued":
    case "joining":
      return { status };
    case "in_call":
      return { status, stopped };
    case "recording":
      return { status, paused };
    default:
      return undefined;
  }
}
