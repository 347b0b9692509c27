import type { JobSnapshot } from "../recording/job/status.ts";
import { counted } from "../text/counted.ts";

/**
 * What keeps the job from recording, or from storing what it has recorded, in a sentence; undefined if nothing does.
 * A pause that was asked for is in order.
 */
export function obstacleOf({ state, call, uploads }: JobSnapshot): string | undefined {
  if (state.status === "finalizing") {
    return uploads.failedFiles === 0 ? undefined : `${counted(uploads.failedFiles, "file")} could not be stored`;
  }
  if (state.status !== "recording") return `the job is ${state.status}`;
  if (call?.connection === "reconnecting") return "the voice connection is lost; it is being restored";
  if (call?.connection === "unheard") return "people speak and cannot be heard";
  return undefined;
}
