import { isJoined, type JobState, transition } from "./state.ts";

/** The requests to a bot in a call, except leaving. */
export type CallVerb = "pause" | "resume" | "stop" | "note" | "message" | "permission";

/** Whether the state allows the request. The worker decides with this, and the page of the service shows it. */
export function allows(state: JobState, verb: CallVerb): boolean {
  switch (verb) {
    case "pause":
    case "resume":
    case "stop":
      return transition(state, { type: verb }) !== undefined;
    case "note":
      return state.status === "recording" && !state.paused;
    case "message":
      return isJoined(state);
    case "permission":
      return state.status === "recording";
  }
}
