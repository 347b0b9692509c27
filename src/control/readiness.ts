import type { JobSnapshot } from "../recording/job/status.ts";
import { counted } from "../text/counted.ts";

/** A sentence that says why the job cannot record or store; undefined if it can. A requested pause is not a problem. */
export function obstacleOf({ state, call, uploads }: JobSnapshot): string | undefined {
  if (state.status === "finalizing") {
    return uploads.failedFiles === 0 ? undefined : `${counted(uploads.failedFiles, "file")} could not be stored`;
  }
  if (state.status !== "recording") return `the job is ${state.status}`;
  if (call?.connection === "reconnecting") return "the voice connection is lost; it is being restored";
  if (call?.connection === "unheard") return "people speak and cannot be heard";
  return undefined;
}
