import { setTimeout as sleep } from "node:timers/promises";
import {
  type Job,
  type JobMessage,
  type MeetBot,
  MeetbotConnectionError,
  MeetbotNotFoundError,
  MeetbotRateLimitError,
  MeetbotServerError,
} from "../../sdk/index.ts";

/** How often new jobs are looked for. */
const LOOK_MS = 2_000;
/** How many looks there are for each look at the jobs that wait for their time. */
const LOOKS_FOR_WAITING = 5;
const PAGE = 100;
/** Below the service's limit of 50 streams for a key. Of more jobs, each gets its turn. */
const MAX_STREAMS = 40;
const TURN_MS = 5_000;
/** The pauses while the service cannot be asked. */
const AWAY_MS = { first: 2_000, most: 30_000 };
/** A job moves from one to the next, so none is missed that moves while they are listed. */
const IN_CALL = ["queued", "joining", "in_call", "recording", "finalizing"] as const;
const OVER: ReadonlySet<string> = new Set(["completed", "failed", "cancelled"]);

/** A job event of the stream. */
export type FollowedEvent = Extract<JobMessage, { readonly deliveryId: string }>;

export interface FollowOptions {
  /** The first look has succeeded: what happens from now on is followed. */
  readonly onReady: () => void;
  /** Is waited for, so that the events of a job stay in order. */
  readonly onEvent: (event: FollowedEvent) => Promise<void>;
  /** The service cannot be asked; it is tried again. Called once each time. */
  readonly onAway: (error: Error) => void;
  /** The service answers again. */
  readonly onBack: () => void;
}

interface Followed {
  readonly id: string;
  /** Events up to this time, of the service's clock, are left out. */
  readonly since: string | undefined;
  /** The stream continues after it. */
  lastEventId: string | undefined;
}

/**
 * Follows all live jobs of a key, those that come later too. It never resolves.
 *
 * @throws MeetbotError if the first look fails, or if the service refuses the key
 */
export async function followAll(meetbot: MeetBot, options: FollowOptions): Promise<never> {
  return await new Follower(meetbot, options).run();
}

class Follower {
  readonly #meetbot: MeetBot;
  readonly #options: FollowOptions;
  readonly #known = new Set<string>();
  /** Ids of jobs that wait for their time. */
  readonly #waiting = new Map<string, Followed>();
  /** Jobs that have no stream now. */
  readonly #queue: Followed[] = [];
  readonly #failed = Promise.withResolvers<never>();
  #streams = 0;
  #isAway = false;
  #isRefused = false;
  #newest: string | undefined;

  constructor(meetbot: MeetBot, options: FollowOptions) {
    this.#meetbot = meetbot;
    this.#options = options;
  }

  async run(): Promise<never> {
    await this.#firstLook();
    this.#options.onReady();
    for (let look = 1, failures = 0; ; look += 1) {
      this.#fill();
      await Promise.race([sleep(pauseMs(failures)), this.#failed.promise]);
      try {
        await this.#findNew();
        if (look % LOOKS_FOR_WAITING === 0) await this.#findStarted();
        failures = 0;
        this.#answers();
      } catch (error) {
        this.#away(error);
        failures += 1;
      }
    }
  }

  /** Jobs that are over, and what happened before, are left out. */
  async #firstLook(): Promise<void> {
    const { data } = await this.#meetbot.listJobs({ limit: PAGE });
    this.#newest = data[0]?.createdAt;
    const live: Job[] = [];
    for (const status of ["scheduled", ...IN_CALL] as const) {
      for await (const job of await this.#meetbot.listJobs({ status, limit: PAGE })) live.push(job);
    }
    for (const job of [...live, ...data.filter(({ status }) => !OVER.has(status))]) this.#add(job, job.updatedAt);
    for (const { id } of data) this.#known.add(id);
  }

  async #findNew(): Promise<void> {
    const createdAfter = this.#newest === undefined ? undefined : new Date(Date.parse(this.#newest) - 1);
    for await (const job of await this.#meetbot.listJobs({ createdAfter, limit: PAGE })) {
      if (this.#newest === undefined || job.createdAt > this.#newest) this.#newest = job.createdAt;
      this.#add(job, undefined);
    }
  }

  /** Jobs that waited and do so no longer. */
  async #findStarted(): Promise<void> {
    if (this.#waiting.size === 0) return;
    const stillWait = new Set<string>();
    for await (const { id } of await this.#meetbot.listJobs({ status: "scheduled", limit: PAGE })) stillWait.add(id);
    for (const [id, job] of this.#waiting) {
      if (stillWait.has(id)) continue;
      this.#waiting.delete(id);
      this.#queue.push(job);
    }
  }

  #add({ id, status }: Job, since: string | undefined): void {
    if (this.#known.has(id)) return;
    this.#known.add(id);
    const job: Followed = { id, since, lastEventId: undefined };
    if (status === "scheduled") this.#waiting.set(id, job);
    else this.#queue.push(job);
  }

  /** Opens streams for as many jobs as may have one. */
  #fill(): void {
    while (this.#streams < MAX_STREAMS && !this.#isAway && !this.#isRefused) {
      const job = this.#queue.shift();
      if (job === undefined) return;
      this.#streams += 1;
      this.#follow(job).finally(() => {
        this.#streams -= 1;
        this.#fill();
      });
    }
  }

  async #follow(job: Followed): Promise<void> {
    const turn = new AbortController();
    const timer = setInterval(() => {
      if (this.#queue.length > 0) turn.abort();
    }, TURN_MS);
    try {
      const { lastEventId } = job;
      for await (const message of this.#meetbot.watchJob(job.id, { lastEventId, signal: turn.signal })) {
        if (isJobEvent(message) && isAfter(message, job.since)) await this.#options.onEvent(message);
        if (message.id !== null) job.lastEventId = message.id;
      }
    } catch (error) {
      if (error instanceof MeetbotNotFoundError) return;
      this.#queue.push(job);
      if (!turn.signal.aborted) this.#away(error);
    } finally {
      clearInterval(timer);
    }
  }

  /** The error ends everything, unless the service may answer later. */
  #away(error: unknown): void {
    const mayPass = [MeetbotConnectionError, MeetbotServerError, MeetbotRateLimitError].some(
      (kind) => error instanceof kind,
    );
    if (!mayPass || !(error instanceof Error)) {
      this.#isRefused = true;
      this.#failed.reject(error);
      return;
    }
    if (!this.#isAway) this.#options.onAway(error);
    this.#isAway = true;
  }

  #answers(): void {
    if (this.#isAway) this.#options.onBack();
    this.#isAway = false;
  }
}

function pauseMs(failures: number): number {
  return failures === 0 ? LOOK_MS : Math.min(AWAY_MS.most, AWAY_MS.first * 2 ** (failures - 1));
}

function isJobEvent(message: JobMessage): message is FollowedEvent {
  return "deliveryId" in message;
}

function isAfter({ emittedAt }: FollowedEvent, since: string | undefined): boolean {
  return since === undefined || Date.parse(emittedAt) > Date.parse(since);
}
