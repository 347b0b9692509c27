import type { CallEnd } from "../../session/exit.ts";
import type { CallControls } from "./controls.ts";
import type { JobResult } from "./job-result.ts";
import type { JobSnapshot } from "./status.ts";

/** A job to do: a call to record, or one to finish in the place of a process that is gone. */
export interface Job {
  run(): Promise<JobResult>;
  /**
   * Asks for the end of the call. The first reason given is the exit reason.
   *
   * @returns whether this request ends the call; false if it ends, or has ended, for another reason
   */
  end(end: CallEnd): boolean;
  /** Gives up on uploads: files are closed and stay in the spool. */
  abandon(): void;
  /** Instead of `run`: gives back what it holds. A call that was never joined leaves nothing. */
  release(): Promise<void>;
  status(): JobSnapshot;
  /** Undefined if the call is over already and only its files are finished. */
  readonly call: CallControls | undefined;
}
