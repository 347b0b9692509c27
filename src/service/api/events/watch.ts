import type { FastifyInstance } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import type { ApiOptions } from "../api-options.ts";
import { jobOf } from "../jobs/jobs.ts";
import type { LiveViews } from "../jobs/live-views.ts";
import { keyOf } from "../keys/auth.ts";
import { JOB_OPERATIONS } from "../operations/jobs.ts";
import { ServiceError } from "../service-error.ts";
import { EventStream } from "./event-stream.ts";
import { JobWatch } from "./job-watch.ts";

/** The most streams of one key. Each takes a connection, and a look at the job each second. */
const MAX_STREAMS = 50;

/** Serves the server-sent events of jobs. */
export function serveWatch(scope: FastifyInstance, options: ApiOptions, views: LiveViews): void {
  const { store, log } = options;
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
        throw new ServiceError("rate_limited", `this key has ${MAX_STREAMS} event streams open already; close one`, {
          retryAfterSeconds: 10,
        });
      }
      open.set(key.id, streams + 1);
      reply.hijack();
      const stream = new EventStream(reply.raw);
      try {
        await new JobWatch(
          { ...options, views, keyId: key.id, jobId: id, stream },
          request.headers["last-event-id"],
        ).run();
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
}
