import { setTimeout as sleep } from "node:timers/promises";
import type { FastifyInstance } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import { isOver } from "../domain/job-row.ts";
import type { StoredEvent } from "../ports/jobs.ts";
import type { ApiOptions } from "./api-options.ts";
import { keyOf } from "./auth.ts";
import { EventStream } from "./event-stream.ts";
import { isoTime } from "./job-answer.ts";
import { jobOf } from "./jobs.ts";
import type { LiveViews } from "./live-views.ts";
import { JOB_OPERATIONS } from "./operations/jobs.ts";
import { ServiceError } from "./service-error.ts";

/** The most events to read from the database at once for one client. */
const PAGE = 100;

/** How often a watched worker is asked for its state. */
const LIVE_MS = 1_000;

/** The most streams of one key. Each takes a connection, and a request to the worker each second. */
const MAX_STREAMS = 50;

/** Serves the server-sent events of jobs. */
export function serveWatch(scope: FastifyInstance, { store, log }: ApiOptions, views: LiveViews): void {
  const open = new Map<string, number>();
  scope.withTypeProvider<ZodTypeProvider>().route({
    ...JOB_OPERATIONS.watchJob,
    // A HEAD request has no body to write events to.
    exposeHeadRoute: false,
    handler: async (request, reply) => {
      const key = keyOf(request);
      const { id } = await jobOf(store, key, request.params.id);
      const streams = open.get(key.id) ?? 0;
      if (streams >= MAX_STREAMS) {
        throw new ServiceError("rate_limited", `this key watches ${MAX_STREAMS} jobs already`, {
          retryAfterSeconds: 10,
        });
      }
      open.set(key.id, streams + 1);
      reply.hijack();
      const stream = new EventStream(reply.raw);
      try {
        await watch(id, Number(request.headers["last-event-id"] ?? 0), stream);
      } catch (error) {
        // The client resumes with the id of the last event.
        log.warn({ err: error, jobId: id }, "service: an event stream was cut off");
      } finally {
        const rest = (open.get(key.id) ?? 1) - 1;
        if (rest > 0) open.set(key.id, rest);
        else open.delete(key.id);
        stream.end();
      }
    },
  });

  async function watch(jobId: string, after: number, stream: EventStream): Promise<void> {
    let last = after;
    let shown = "";
    let change = Promise.withResolvers<void>();
    const unsubscribe = store.onJobChange((changed) => {
      if (changed === jobId) change.resolve();
    });
    stream.signal.addEventListener("abort", () => change.resolve(), { once: true });
    try {
      for (;;) {
        change = Promise.withResolvers<void>();
        // The job is read before its events, so if it is over, all its events are there.
        const job = await store.job(jobId);
        for (;;) {
          const events = await store.eventsAfter(jobId, last, PAGE);
          for (const event of events) {
            if (!(await stream.write({ id: event.seq, name: event.type, data: dataOf(event) }))) return;
            last = event.seq;
          }
          if (events.length < PAGE) break;
        }
        if (job === undefined || stream.signal.aborted) return;
        if (isOver(job.status) && job.claimedAt === null) return;
        const { live } = await views.of(job);
        const data = live === null ? "" : JSON.stringify(live);
        // Countdowns change all the time, so they do not count as a change.
        const compared = live === null ? "" : JSON.stringify({ ...live, autoLeave: null, elapsedSeconds: null });
        if (compared !== shown && data !== "" && !(await stream.write({ name: "job.live", data }))) return;
        shown = compared;
        await Promise.race([change.promise, sleep(LIVE_MS, undefined, { ref: false })]);
      }
    } finally {
      unsubscribe();
    }
  }
}

/** The envelope that webhooks get. */
function dataOf({ eventId, type, emittedAt, dataJson }: StoredEvent): string {
  const data: unknown = JSON.parse(dataJson);
  return JSON.stringify({ deliveryId: eventId, event: type, emittedAt: isoTime(emittedAt), version: 2, data });
}
