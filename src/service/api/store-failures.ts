import type { Log } from "../../log.ts";
import type { Clock } from "../ports/clock.ts";

/** After this long without another failure, the database counts as working again. */
const FORGOTTEN_MS = 30_000;
/** A log line for each of thousands of requests would only hide the others. */
const LOGGED_EVERY_MS = 5_000;

/** Failures of the database that requests met, such as a disk that is full. A look at the database shows no such failure. */
export class StoreFailures {
  readonly #clock: Clock;
  readonly #log: Log;
  #failedAt = Number.NEGATIVE_INFINITY;
  #loggedAt = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, log: Log) {
    this.#clock = clock;
    this.#log = log;
  }

  note(error: Error): void {
    this.#failedAt = this.#clock.now();
    if (Math.abs(this.#failedAt - this.#loggedAt) < LOGGED_EVERY_MS) return;
    this.#loggedAt = this.#failedAt;
    this.#log.error({ err: error }, "service: a request failed because the database does not answer");
  }

  isRecent(): boolean {
    return Math.abs(this.#clock.now() - this.#failedAt) < FORGOTTEN_MS;
  }
}
