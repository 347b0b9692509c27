import { randomUUID } from "node:crypto";
import type { Log } from "../../log.ts";
import { forgetEarlier, type WaitingOptions, WaitingWorker } from "./waiting-worker.ts";

/** A worker that was just taken joins its call first: loading another one needs the same cores. */
const AFTER_TAKING_MS = 2_000;
/** After a worker that ended by itself; twice as long after each further one. */
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 300_000;

interface Member {
  readonly worker: WaitingWorker;
  isReady: boolean;
}

/** Workers that have loaded everything and wait for a job. */
export class WarmPool {
  readonly #options: WaitingOptions;
  readonly #log: Log;
  readonly #members = new Set<Member>();
  #wanted = 0;
  #filling: Promise<void> | undefined;
  #hasForgotten = false;
  #failures = 0;
  /** Milliseconds of `performance.now()`. */
  #notBefore = 0;

  constructor(options: WaitingOptions, log: Log) {
    this.#options = options;
    this.#log = log;
  }

  /** How many processes there are. */
  get size(): number {
    return this.#members.size;
  }

  /** Keeps so many. They are started one after the other, in the background. */
  keep(wanted: number): void {
    this.#wanted = wanted;
    for (const member of [...this.#members].slice(wanted)) void this.#end(member);
    if (this.#members.size >= wanted || performance.now() < this.#notBefore) return;
    this.#filling ??= this.#fill().finally(() => {
      this.#filling = undefined;
    });
  }

  /** The one that has waited longest; undefined if none is ready. */
  take(): WaitingWorker | undefined {
    const member = [...this.#members].find(({ isReady }) => isReady);
    if (member === undefined) return undefined;
    this.#members.delete(member);
    this.#notBefore = performance.now() + AFTER_TAKING_MS;
    return member.worker;
  }

  /** Ends all, also one that still loads: nothing else would keep this process running until it has. */
  async close(): Promise<void> {
    this.#wanted = 0;
    // Also the one that is being started now.
    do {
      await Promise.all([...this.#members].map((member) => this.#end(member)));
      await this.#filling;
    } while (this.#members.size > 0);
  }

  async #fill(): Promise<void> {
    try {
      if (!this.#hasForgotten) await forgetEarlier(this.#options.folder);
      this.#hasForgotten = true;
      while (this.#members.size < this.#wanted && performance.now() >= this.#notBefore) {
        if (!(await this.#add())) return;
      }
    } catch (error) {
      this.#pause();
      this.#log.warn({ err: error }, "no worker could be started ahead of its job; jobs start as usual");
    }
  }

  /** @returns whether it waits for a job now */
  async #add(): Promise<boolean> {
    const member = { worker: await WaitingWorker.start(randomUUID(), this.#options), isReady: false };
    this.#members.add(member);
    void member.worker.ended
      .then(() => this.#hasEnded(member))
      .catch((error: unknown) =>
        this.#log.warn({ err: error }, "the folder of a worker that has ended is still there"),
      );
    // The pool was closed while the process started.
    if (this.#wanted === 0) await this.#end(member);
    member.isReady = await member.worker.ready;
    if (member.isReady) {
      this.#failures = 0;
      this.#log.debug({ waiting: this.#members.size }, "a worker waits for a job");
    }
    return member.isReady;
  }

  /** By itself, for example because the machine has no memory left. */
  async #hasEnded(member: Member): Promise<void> {
    if (!this.#members.delete(member)) return;
    this.#pause();
    const said = await member.worker.lastWords();
    this.#log.warn({ said }, "a worker that waited for a job has ended by itself; jobs start as usual");
    await member.worker.forgetFolder();
  }

  #pause(): void {
    this.#notBefore = performance.now() + Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.#failures);
    this.#failures += 1;
  }

  async #end(member: Member): Promise<void> {
    if (!this.#members.delete(member)) return;
    await member.worker.end();
  }
}
