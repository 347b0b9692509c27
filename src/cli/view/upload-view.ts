import type { Logger } from "pino";
import type { JobSnapshot } from "../../recording/job/status.ts";
import { counted } from "../../text/counted.ts";
import { clearRow, type StatusOutput, showRow } from "./status-row.ts";

/** How often the row of a terminal is updated, and how often a log line is written elsewhere. */
const TERMINAL_INTERVAL_MS = 250;
const LOG_INTERVAL_MS = 5_000;

/** Shows the progress of uploads once the call is over. During the call nobody waits for them. */
export class UploadView {
  readonly #status: () => Pick<JobSnapshot, "state" | "uploads">;
  readonly #log: Logger;
  readonly #terminal: StatusOutput;
  readonly #timer: NodeJS.Timeout;
  #shown = false;

  constructor(status: () => Pick<JobSnapshot, "state" | "uploads">, log: Logger, terminal: StatusOutput) {
    this.#status = status;
    this.#log = log;
    this.#terminal = terminal;
    this.#timer = setInterval(() => this.#show(), terminal.isTTY ? TERMINAL_INTERVAL_MS : LOG_INTERVAL_MS);
    this.#timer.unref();
  }

  /** Idempotent. */
  stop(): void {
    clearInterval(this.#timer);
    if (this.#shown && this.#terminal.isTTY === true) clearRow(this.#terminal);
    this.#shown = false;
  }

  #show(): void {
    const { state, uploads } = this.#status();
    if (state.status !== "finalizing" || uploads.waitingFiles === 0) return;
    const { waitingFiles, waitingBytes, storedFiles, storedBytes } = uploads;
    const short = `stored ${storedFiles} of ${counted(storedFiles + waitingFiles, "file")}`;
    const text = `${short}, ${megabytes(storedBytes)} of ${megabytes(storedBytes + waitingBytes)} MB`;
    this.#shown = true;
    if (this.#terminal.isTTY === true) showRow(this.#terminal, text, short);
    else this.#log.info({ ...uploads }, text);
  }
}

function megabytes(bytes: number): string {
  return (bytes / 1_000_000).toFixed(1);
}
