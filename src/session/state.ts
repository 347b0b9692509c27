import type { FailureCode } from "../errors.ts";
import { type CallEnd, failureCodeOf } from "./exit.ts";

/**
 * A job's states. Each state has exactly its data. `transition` is the only way to change states, and after
 * `finalizing` it only goes forward.
 */
export type JobState =
  | { readonly status: "queued" }
  | { readonly status: "joining" }
  /** `stopped`: recording has ended by request, and the bot stays until the call's end. */
  | { readonly status: "in_call"; readonly stopped: boolean }
  | { readonly status: "recording"; readonly paused: boolean }
  /** `recorded`: whether there is a recording to finish. */
  | { readonly status: "finalizing"; readonly end: CallEnd; readonly recorded: boolean }
  | { readonly status: "completed"; readonly end: CallEnd }
  /** `end` if the call was joined, so there is a recording up to then. */
  | { readonly status: "failed"; readonly failureCode: FailureCode; readonly detail: string; readonly end?: CallEnd }
  | { readonly status: "cancelled"; readonly end: CallEnd };

export type JobInput =
  | { readonly type: "join" }
  | { readonly type: "joined" }
  | { readonly type: "record" }
  | { readonly type: "pause" }
  | { readonly type: "resume" }
  | { readonly type: "stop" }
  | { readonly type: "end"; readonly end: CallEnd }
  | { readonly type: "finalized" }
  | { readonly type: "fail"; readonly failureCode: FailureCode; readonly detail: string };

/** The next state; undefined if the state does not allow the event. */
export function transition(state: JobState, event: JobInput): JobState | undefined {
  switch (event.type) {
    case "join":
      return state.status === "queued" ? { status: "joining" } : undefined;
    case "joined":
      return state.status === "joining" ? { status: "in_call", stopped: false } : undefined;
    case "record":
      return state.status === "in_call" && !state.stopped ? { status: "recording", paused: false } : undefined;
    case "pause":
      return state.status === "recording" && !state.paused ? { status: "recording", paused: true } : undefined;
    case "resume":
      return state.status === "recording" && state.paused ? { status: "recording", paused: false } : undefined;
    case "stop":
      return state.status === "recording" ? { status: "in_call", stopped: true } : undefined;
    case "end":
      return isLive(state) ? { status: "finalizing", end: event.end, recorded: isJoined(state) } : undefined;
    case "finalized":
      return state.status === "finalizing" ? outcomeOf(state.end, state.recorded) : undefined;
    case "fail":
      return isOver(state) ? undefined : { status: "failed", failureCode: event.failureCode, detail: event.detail };
  }
}

/** A call that did not end as intended has failed, but keeps its recording. */
export function outcomeOf(end: CallEnd, recorded: boolean): JobState {
  if (!recorded || end.exitReason === "cancelled") return { status: "cancelled", end };
  const failureCode = failureCodeOf(end);
  if (failureCode !== null) return { status: "failed", failureCode, detail: end.detail, end };
  return { status: "completed", end };
}

function isLive(state: JobState): boolean {
  return state.status === "queued" || state.status === "joining" || isJoined(state);
}

/** Whether the bot is in the call. */
export function isJoined(state: JobState): boolean {
  return state.status === "in_call" || state.status === "recording";
}

/** Whether the state is final. */
export function isOver(state: JobState): boolean {
  return state.status === "completed" || state.status === "failed" || state.status === "cancelled";
}

/** The details of a state besides its name. */
export function detailOf(state: JobState): string | undefined {
  if ("end" in state && state.end !== undefined) return state.end.detail;
  if ("detail" in state) return state.detail;
  if (state.status === "recording" && state.paused) return "paused";
  return state.status === "in_call" && state.stopped ? "stopped" : undefined;
}
