import type { FastifyInstance } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import * as z from "zod";
import type { ApiOptions } from "../api/api-options.ts";
import { EventStream } from "../api/events/event-stream.ts";
import { sendReport } from "../api/files.ts";
import { isoTime } from "../api/jobs/job-answer.ts";
import { jobOf } from "../api/jobs/jobs.ts";
import type { LiveViews } from "../api/jobs/live-views.ts";
import { accountOf } from "../api/keys/account.ts";
import { keyOf } from "../api/keys/auth.ts";
import { jobParams, pageQuery } from "../api/operations/common.ts";
import { userCode } from "../api/operations/host.ts";
import { choice, fields } from "../api/schemas/fields.ts";
import { serviceJobStatus } from "../api/schemas/job-answer.ts";
import { ServiceError } from "../api/service-error.ts";
import { feedJobs, pageJob } from "./job-feed.ts";
import type { PageAccount, PageJobs, PageLogin } from "./page-data.ts";
import type { PageSessions } from "./page-sessions.ts";

const hide = true;

/** The most open pages of one key. */
const MAX_FEEDS = 20;

const jobsQuery = fields({ ...pageQuery, show: choice(["all", "live", ...serviceJobStatus.options]).default("all") });

/** A page of strangers' words gets an origin of its own: it cannot act for whoever is signed in. */
const OPENED = "sandbox allow-scripts allow-downloads allow-popups allow-popups-to-escape-sandbox";

/** What only the page asks for, in a session. */
export function serveSessionData(
  scope: FastifyInstance,
  options: ApiOptions,
  { sessions, views }: { readonly sessions: PageSessions; readonly views: LiveViews },
): void {
  const { store, clock, log, fixtures } = options;
  const typed = scope.withTypeProvider<ZodTypeProvider>();
  const feeds = new Map<string, number>();

  typed.route({
    ...{ method: "GET", url: "/page/account", schema: { hide } },
    handler: async (request): Promise<PageAccount> => {
      const key = keyOf(request);
      const names = key.mode === "test" ? fixtures.map(({ name }) => name) : [];
      return { ...(await accountOf(store, key, clock.now())), fixtures: names };
    },
  });

  typed.route({
    ...{ method: "GET", url: "/page/jobs", schema: { hide, querystring: jobsQuery } },
    handler: async (request): Promise<PageJobs> => {
      const { limit, cursor, show } = request.query;
      const filter = show === "all" ? {} : show === "live" ? { live: true } : { status: show };
      const page = await store.jobs(keyOf(request), filter, { limit, ...(cursor === undefined ? {} : { cursor }) });
      return { data: page.items.map(pageJob), nextCursor: page.next };
    },
  });

  typed.route({
    ...{ method: "GET", url: "/page/jobs/:id", schema: { hide, params: jobParams } },
    handler: async (request) => pageJob(await jobOf(store, keyOf(request), request.params.id)),
  });

  typed.route({
    ...{ method: "GET", url: "/page/logins/:userCode", schema: { hide, params: z.object({ userCode }) } },
    handler: async (request): Promise<PageLogin> => {
      const row = await store.waitingCliAuth(request.params.userCode, clock.now());
      if (row === undefined) {
        throw new ServiceError("not_found", "no login waits with this code; it may have expired");
      }
      const { client, address } = row;
      const times = { createdAt: isoTime(row.createdAt), expiresAt: isoTime(row.expiresAt) };
      return { userCode: row.userCode, client, address, ...times };
    },
  });

  typed.route({
    ...{ method: "GET", url: "/page/recordings/:id/report", schema: { hide, params: jobParams } },
    exposeHeadRoute: false,
    handler: async (request, reply) => {
      const job = await jobOf(store, keyOf(request), request.params.id);
      return await sendReport(reply, options.recordings, job, () =>
        reply.header("content-security-policy", OPENED).header("x-content-type-options", "nosniff"),
      );
    },
  });

  typed.route({
    ...{ method: "GET", url: "/page/events", schema: { hide } },
    exposeHeadRoute: false,
    handler: async (request, reply) => {
      const key = keyOf(request);
      const open = feeds.get(key.id) ?? 0;
      if (open >= MAX_FEEDS) {
        throw new ServiceError("rate_limited", `${MAX_FEEDS} pages of this key are open already`, {
          retryAfterSeconds: 10,
        });
      }
      feeds.set(key.id, open + 1);
      reply.hijack();
      const stream = new EventStream(reply.raw);
      try {
        await feedJobs(key, { store, clock, views }, stream, async () => {
          const now = await sessions.keyOf(request);
          return now?.id === key.id;
        });
      } catch (error) {
        // The page asks again for everything that it shows.
        log.warn({ err: error }, "service: the events of a page were cut off");
      } finally {
        const rest = (feeds.get(key.id) ?? 1) - 1;
        if (rest > 0) feeds.set(key.id, rest);
        else feeds.delete(key.id);
        stream.end();
      }
    },
  });
}
