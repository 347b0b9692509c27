import { join } from "node:path";

export const MARKS_PREFIX = "attempt-";

/** A job's folder on this machine: `DATA/jobs/JOB_ID/`. */
export class JobFolder {
  readonly path: string;
  /** A folder of mode 0700 with files of 0600. It is removed when the worker has read them. */
  readonly secrets: string;
  /** The worker's MEETBOT_SPOOL_DIR. */
  readonly spoolRoot: string;
  /** The job's folder in it. */
  readonly spool: string;
  readonly log: string;
  /** Where the worker writes the address of its control port. */
  readonly address: string;

  constructor(jobsFolder: string, jobId: string) {
    this.path = join(jobsFolder, jobId);
    this.secrets = join(this.path, "secrets");
    this.spoolRoot = join(this.path, "spool");
    this.spool = join(this.spoolRoot, jobId);
    this.log = join(this.path, "worker.log");
    this.address = join(this.path, "control");
  }

  /** Where an attempt's worker notes its logins at Discord. */
  logins(attempt: number): string {
    return join(this.marks(attempt), "logins");
  }

  /** Where the wrapper writes its marks for an attempt. */
  marks(attempt: number): string {
    return join(this.path, `${MARKS_PREFIX}${attempt}`);
  }
}
