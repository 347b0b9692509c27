import type { ExitCode } from "../../session/exit.ts";
import type { Manifest } from "../../session/manifest.ts";
import type { JobState } from "../../session/state.ts";

/** How a job ended. */
export interface JobResult {
  readonly state: JobState;
  readonly exitCode: ExitCode;
  /** The recording; undefined if it never began or is not completely stored. */
  readonly manifest: Manifest | undefined;
  readonly manifestUri: string | undefined;
}
