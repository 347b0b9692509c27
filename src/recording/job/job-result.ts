import type { ExitCode } from "../../session/exit.ts";
import type { Manifest } from "../../session/manifest.ts";
import type { JobState } from "../../session/state.ts";

/** How a job ended. */
export interface JobResult {
  readonly state: JobState;
  readonly exitCode: ExitCode;
  /** What was recorded; undefined if recording never began or not everything is stored. */
  readonly manifest: Manifest | undefined;
  readonly manifestUri: string | undefined;
}
