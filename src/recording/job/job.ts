import type { CallEnd } from "../../session/exit.ts";
import type { CallControls } from "./controls.ts";
import type { JobResult } from "./job-result.ts";
import type { JobSnapshot } from "./status.ts";

/** A job: a call to record, or a recording to finish for a process that is gone. */
export interface Job {
  run(): Promise<JobResult>;
  /**
   * Asks for the end of the call. The first reason given is the exit reason.
   *
   * @returns whether this request ends the call; false if it ends, or has ended, for another reason
   */
  end(end: CallEnd): boolean;
  /** Cancels uploads: files are closed and stay in the spool. */
  abandon(): void;
  /** Call instead of `run`: releases resources. A call that was never joined leaves nothing. */
  release(): Promise<void>;
  status(): JobSnapshot;
  /** Undefined if the call is over and only its files are being finished. */
  readonly call: CallControls | undefined;
}
