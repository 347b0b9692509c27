import type { Logger } from "pino";
import type { JobSnapshot } from "../../recording/job/status.ts";
import { counted } from "../../text/counted.ts";
import { megabytes } from "../../text/megabytes.ts";

/** How often the row of a terminal is updated, and how often a log line is written elsewhere. */
const TERMINAL_INTERVAL_MS = 250;
const LOG_INTERVAL_MS = 5_000;

/** A row of a terminal that is updated in place: see status-row.ts. */
export interface UploadRow {
  show(...texts: readonly [string, ...string[]]): void;
  clear(): void;
}

/** Shows the progress of uploads once the call is over. During the call nobody waits for them. */
export class UploadView {
  readonly #status: () => Pick<JobSnapshot, "state" | "uploads">;
  readonly #log: Logger;
  readonly #row: UploadRow | undefined;
  readonly #timer: NodeJS.Timeout;
  #shown = false;

  /** @param row undefined writes to the log instead */
  constructor(status: () => Pick<JobSnapshot, "state" | "uploads">, log: Logger, row: UploadRow | undefined) {
    this.#status = status;
    this.#log = log;
    this.#row = row;
    this.#timer = setInterval(() => this.#show(), row === undefined ? LOG_INTERVAL_MS : TERMINAL_INTERVAL_MS);
    this.#timer.unref();
  }

  /** Idempotent. */
  stop(): void {
    clearInterval(this.#timer);
    if (this.#shown) this.#row?.clear();
    this.#shown = false;
  }

  #show(): void {
    const { state, uploads } = this.#status();
    if (state.status !== "finalizing" || uploads.waitingFiles === 0) return;
    const { waitingFiles, waitingBytes, storedFiles, storedBytes } = uploads;
    const short = `stored ${storedFiles} of ${counted(storedFiles + waitingFiles, "file")}`;
    const text = `${short}, ${megabytes(storedBytes)} of ${megabytes(storedBytes + waitingBytes)} MB`;
    this.#shown = true;
    if (this.#row === undefined) this.#log.info({ ...uploads }, text);
    else this.#row.show(text, short);
  }
}
