import { setTimeout as sleep } from "node:timers/promises";
import { endSentence } from "../../session/exit.ts";
import type { EventStream } from "../api/events/event-stream.ts";
import { jobAnswer } from "../api/jobs/job-answer.ts";
import type { LiveView, LiveViews } from "../api/jobs/live-views.ts";
import { isLive, isOver, type JobRow } from "../domain/job-row.ts";
import { obstaclesOf } from "../domain/verbs.ts";
import type { Clock } from "../ports/clock.ts";
import type { JobStore } from "../ports/jobs.ts";
import type { Owner } from "../ports/keys.ts";
import { isNews } from "./live-news.ts";
import type { PageJob, PageLive } from "./page-data.ts";

const LOOK_MS = 1_000;

/** A page that has heard nothing for some of these knows that the service cannot be reached. */
const BEAT_MS = 5_000;

/** The newest live jobs, whose workers are asked what they do. More than one machine's workers. */
const MAX_WATCHED = 50;

export interface FeedMeans {
  readonly store: JobStore;
  readonly clock: Clock;
  readonly views: LiveViews;
}

export function pageJob(row: JobRow): PageJob {
  return { ...jobAnswer(row), obstacles: obstaclesOf(row), end: endOf(row) };
}

function endOf({ status, failureDetail, exitReason, exitDetail }: JobRow): string | null {
  if (!isOver(status)) return null;
  if (failureDetail !== null || exitReason === null) return failureDetail;
  return endSentence({ exitReason, detail: exitDetail ?? "" });
}

/**
 * Sends each job of an owner when it changes (`job`), what workers say (`live`), and that the service is there (`beat`).
 * Returns when the reader is gone, or has to sign in again.
 *
 * @param isSignedIn asked each second
 */
export async function feedJobs(
  owner: Owner,
  { store, clock, views }: FeedMeans,
  stream: EventStream,
  isSignedIn: () => Promise<boolean>,
): Promise<void> {
  const changed = new Set<string>();
  const watched = new Map<string, JobRow>();
  const shown = new Map<string, { readonly at: number; readonly view: LiveView }>();
  let wake = Promise.withResolvers<void>();
  let beatAt = 0;
  const unsubscribe = store.onJobChange((id) => {
    changed.add(id);
    wake.resolve();
  });
  stream.signal.addEventListener("abort", () => wake.resolve(), { once: true });

  const sendJobs = async (): Promise<void> => {
    const ids = [...changed];
    changed.clear();
    for (const id of ids) {
      const job = await store.job(id, owner);
      if (job === undefined) continue;
      watched.delete(id);
      if (isLive(job.status)) watched.set(id, job);
      else shown.delete(id);
      await stream.write({ name: "job", data: JSON.stringify(pageJob(job)) });
    }
  };
  const sendViews = async (): Promise<void> => {
    const newest = [...watched.values()].slice(-MAX_WATCHED);
    const seen = await Promise.all(newest.map(async (job) => [job.id, await views.of(job)] as const));
    const at = clock.now();
    for (const [id, view] of seen) {
      if (!isNews(shown.get(id), { at, view })) continue;
      shown.set(id, { at, view });
      await stream.write({ name: "live", data: JSON.stringify({ id, ...view } satisfies PageLive) });
    }
  };

  try {
    const { items } = await store.jobs(owner, { live: true }, { limit: MAX_WATCHED });
    for (const job of items.toReversed()) watched.set(job.id, job);
    while (!stream.signal.aborted && (await isSignedIn())) {
      wake = Promise.withResolvers<void>();
      await sendJobs();
      await sendViews();
      // The clock may be set back.
      if (Math.abs(clock.now() - beatAt) >= BEAT_MS) {
        beatAt = clock.now();
        await stream.write({ name: "beat", data: "{}" });
      }
      if (changed.size === 0) await Promise.race([wake.promise, sleep(LOOK_MS, undefined, { ref: false })]);
    }
  } finally {
    unsubscribe();
  }
}
