import type { PageAccount, PageJob, PageLive } from "../page-data.ts";
import { request } from "./http.ts";
import { type Failure, waitSeconds } from "./outcome.ts";

/** The service sends something every five seconds. */
const SILENT_MS = 20_000;
const CHECK_MS = 5_000;

/** A page that is open for days has seen many jobs. */
const MAX_KEPT = 500;

export type FeedState =
  | { readonly kind: "connecting" }
  | { readonly kind: "live" }
  /** `failure` is undefined if the service answers, but its events were cut off. */
  | { readonly kind: "waiting"; readonly failure: Failure | undefined; readonly seconds: number };

export type FeedEvent =
  | { readonly kind: "job"; readonly before: PageJob | undefined; readonly job: PageJob }
  | { readonly kind: "live" }
  | { readonly kind: "state" }
  /** Connected, again or for the first time: what was loaded before may be old. */
  | { readonly kind: "opened" };

export interface SeenLive extends PageLive {
  /** By `performance.now()`. */
  readonly at: number;
}

/** The service's events for the page. Connects again by itself, and holds no connection while nobody looks. */
export class Feed {
  /** Jobs that changed since the feed was opened. */
  readonly jobs = new Map<string, PageJob>();
  readonly lives = new Map<string, SeenLive>();
  readonly #listeners = new Set<(event: FeedEvent) => void>();
  readonly #signedOut: () => void;
  #state: FeedState = { kind: "connecting" };
  #source: EventSource | undefined;
  #timer = 0;
  #watchdog = 0;
  #heardAt = 0;
  #failures = 0;
  #isClosed = false;

  /** @param signedOut called if the service does not know the session any more */
  constructor(signedOut: () => void) {
    this.#signedOut = signedOut;
    document.addEventListener("visibilitychange", this.#look);
    this.#open();
  }

  get state(): FeedState {
    return this.#state;
  }

  /** @returns a function that ends it */
  subscribe(listener: (event: FeedEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    this.#isClosed = true;
    document.removeEventListener("visibilitychange", this.#look);
    this.#disconnect();
  }

  readonly #look = (): void => {
    if (document.hidden) this.#disconnect();
    else if (this.#source === undefined) this.#open();
  };

  #open(): void {
    this.#disconnect();
    const source = new EventSource("page/events");
    this.#source = source;
    this.#heardAt = performance.now();
    this.#watchdog = window.setInterval(() => {
      if (performance.now() - this.#heardAt > SILENT_MS) void this.#lost();
    }, CHECK_MS);
    source.addEventListener("open", () => {
      this.#failures = 0;
      this.#heard();
      this.jobs.clear();
      this.lives.clear();
      this.#become({ kind: "live" });
      this.#emit({ kind: "opened" });
    });
    source.addEventListener("error", () => void this.#lost());
    source.addEventListener("beat", () => this.#heard());
    source.addEventListener("job", ({ data }) => {
      this.#heard();
      this.#keepJob(JSON.parse(data));
    });
    source.addEventListener("live", ({ data }) => {
      this.#heard();
      const view: PageLive = JSON.parse(data);
      this.lives.set(view.id, { ...view, at: performance.now() });
      this.#emit({ kind: "live" });
    });
  }

  #keepJob(job: PageJob): void {
    const before = this.jobs.get(job.id);
    this.jobs.delete(job.id);
    this.jobs.set(job.id, job);
    for (const kept of [this.jobs, this.lives]) {
      const [oldest] = kept.keys();
      if (kept.size > MAX_KEPT && oldest !== undefined) kept.delete(oldest);
    }
    this.#emit({ kind: "job", before, job });
  }

  #heard(): void {
    this.#heardAt = performance.now();
  }

  #disconnect(): void {
    this.#source?.close();
    this.#source = undefined;
    window.clearTimeout(this.#timer);
    window.clearInterval(this.#watchdog);
  }

  /** The browser does not say why. A plain request does. */
  async #lost(): Promise<void> {
    this.#disconnect();
    this.#failures += 1;
    const outcome = await request<PageAccount>("GET", "page/account");
    if (this.#isClosed || this.#source !== undefined) return;
    if (outcome.kind === "refused" && outcome.status === 401) {
      this.#signedOut();
      return;
    }
    const failure = outcome.kind === "ok" ? undefined : outcome;
    const seconds = waitSeconds(this.#failures, failure);
    this.#become({ kind: "waiting", failure, seconds });
    if (!document.hidden) this.#timer = window.setTimeout(() => this.#open(), seconds * 1_000);
  }

  #become(state: FeedState): void {
    this.#state = state;
    this.#emit({ kind: "state" });
  }

  #emit(event: FeedEvent): void {
    for (const listener of [...this.#listeners]) listener(event);
  }
}
