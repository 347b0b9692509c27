import type { Job, JobMessage, LiveJob } from "../../sdk/index.ts";
import { LiveScreen, type Screen } from "./live-screen.ts";
import { renderWatched } from "./watch-lines.ts";

const INTERVAL_MS = 250;

/** What happens in a watched job's call, at the bottom of a terminal. Lines about events scroll above it. */
export class WatchView {
  readonly #screen: LiveScreen;
  readonly #job: Pick<Job, "id" | "joinAt">;
  #status: string;
  #isPaused: boolean;
  #live: { readonly job: LiveJob; readonly atMs: number } | undefined;
  #isLost = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(screen: Screen, job: Pick<Job, "id" | "joinAt" | "status" | "paused">) {
    this.#screen = new LiveScreen(screen);
    this.#job = job;
    this.#status = job.status;
    this.#isPaused = job.paused;
  }

  start(): void {
    this.#timer = setInterval(() => this.draw(), INTERVAL_MS);
    this.#timer.unref();
    this.draw();
  }

  /** @param line about the event; undefined if there is nothing to say about it */
  see(message: JobMessage, line: string | undefined): void {
    if (line !== undefined) this.#screen.log.write(`${line}\n`);
    if (message.event === "job.status_changed") {
      this.#status = message.data.status;
      this.#isPaused = message.data.paused;
    } else if (message.event === "job.live") {
      this.#live = { job: message.data, atMs: performance.now() };
      this.#status = message.data.status;
      this.#isPaused = message.data.paused;
    }
    this.draw();
  }

  /** @param isLost whether the service cannot be reached */
  connection(isLost: boolean): void {
    this.#isLost = isLost;
    this.draw();
  }

  draw(): void {
    const liveAgeMs = this.#live === undefined ? 0 : performance.now() - this.#live.atMs;
    const joinsInMs = Date.parse(this.#job.joinAt) - Date.now();
    const shown = {
      ...{ id: this.#job.id, status: this.#status, isPaused: this.#isPaused, isLost: this.#isLost },
      joinsInMs: this.#status === "scheduled" ? Math.max(0, joinsInMs) : undefined,
      live: this.#live?.job,
      liveAgeMs,
    };
    this.#screen.show(renderWatched(shown, this.#screen.size));
  }

  /** Removes the lines from the screen. Idempotent. */
  stop(): void {
    clearInterval(this.#timer);
    this.#screen.show([]);
  }
}
