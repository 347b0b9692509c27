import { createHash } from "node:crypto";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import { newJobId } from "../../domain/ids.ts";
import { endingOf, type JobRow } from "../../domain/job-row.ts";
import type { Creation, CreationOptions, JobFilter, JobStore, NewJob, StoredAnswer } from "../../ports/jobs.ts";
import type { KeyRow } from "../../ports/keys.ts";
import { LoginBudget, noLogins } from "../../work/login-budget.ts";
import type { ApiOptions } from "../api-options.ts";
import { keyOf } from "../keys/auth.ts";
import { JOB_OPERATIONS } from "../operations/jobs.ts";
import { serviceJob } from "../schemas/job-answer.ts";
import type { JobRequest } from "../schemas/job-request.ts";
import { ServiceError } from "../service-error.ts";
import { acceptChange, acceptJob } from "./accept-job.ts";
import { jobAnswer } from "./job-answer.ts";
import type { LiveViews } from "./live-views.ts";

const JSON_TYPE = "application/json; charset=utf-8";

/** A client over its quota has to wait until a call ends. */
const QUOTA_RETRY_SECONDS = 30;

/** Creates, lists, shows, changes and cancels jobs. */
export function serveJobs(scope: FastifyInstance, options: ApiOptions, views: LiveViews): void {
  const { store, work, clock } = options;
  const logins = new LoginBudget(options);
  const typed = scope.withTypeProvider<ZodTypeProvider>();

  typed.route({
    ...JOB_OPERATIONS.createJob,
    handler: async (request, reply) => {
      const key = keyOf(request);
      const now = clock.now();
      const idempotencyKey = request.headers["idempotency-key"];
      const creation: CreationOptions = {
        at: now,
        ...(idempotencyKey === undefined ? {} : { idempotency: { key: idempotencyKey, requestHash: hashOf(request) } }),
        answerOf: (row, isNew) => ({
          status: isNew ? 201 : 200,
          body: JSON.stringify(serviceJob.parse(jobAnswer(row))),
        }),
      };
      const created = await create(request.body, key, creation);
      if (created.kind === "created") work.wake();
      return await send(reply, answerTo(created));
    },
  });

  /** A repetition is answered as before, even if its `joinAt` is past by now. */
  async function create(body: JobRequest, key: KeyRow, creation: CreationOptions): Promise<Creation> {
    let job: NewJob;
    try {
      job = acceptJob(body, { ...options, key, now: creation.at, jobId: newJobId(creation.at) });
    } catch (error) {
      const { consumerId, mode } = key;
      const request = { consumerId, mode, externalId: body.externalId ?? null };
      const repeated = await store.repeatedCreation(request, creation);
      if (repeated === undefined) throw error;
      return repeated;
    }
    const refusal = job.joinAt === null && job.mode === "live" ? await loginRefusal(job.botId, creation.at) : undefined;
    if (refusal === undefined) return await store.createJob(job, creation);
    const repeated = await store.repeatedCreation(job, creation);
    if (repeated === undefined) throw refusal;
    return repeated;
  }

  /** A job that joins later is accepted: its bot may have new logins then. */
  async function loginRefusal(botId: string, now: number): Promise<ServiceError | undefined> {
    const { forNewCalls, resetAt } = await logins.of(botId);
    if (forNewCalls > 0) return undefined;
    const retryAfterSeconds = Math.max(1, Math.ceil(((resetAt ?? now) - now) / 1_000));
    return new ServiceError("logins_spent", noLogins(resetAt), { retryAfterSeconds });
  }

  typed.route({
    ...JOB_OPERATIONS.listJobs,
    handler: async (request) => {
      const { limit, cursor, status, externalId, createdAfter } = request.query;
      const filter: JobFilter = {
        ...(status === undefined ? {} : { status }),
        ...(externalId === undefined ? {} : { externalId }),
        ...(createdAfter === undefined ? {} : { createdAfter: Date.parse(createdAfter) }),
      };
      const page = await store.jobs(keyOf(request), filter, { limit, ...(cursor === undefined ? {} : { cursor }) });
      return { data: page.items.map(jobAnswer), nextCursor: page.next };
    },
  });

  typed.route({
    ...JOB_OPERATIONS.getJob,
    handler: async (request) => {
      const job = await jobOf(store, keyOf(request), request.params.id);
      return { ...jobAnswer(job), ...(await views.of(job)) };
    },
  });

  typed.route({
    ...JOB_OPERATIONS.updateJob,
    handler: async (request) => {
      const { id } = await jobOf(store, keyOf(request), request.params.id);
      const now = clock.now();
      const changed = await store.changeScheduled(id, (job) => acceptChange(request.body, job, now), now);
      if (changed === undefined) throw noSuchJob(id);
      if (changed === "dispatched") {
        throw new ServiceError("wrong_state", "the job has been dispatched; only a scheduled job can be changed");
      }
      work.wake();
      return jobAnswer(changed);
    },
  });

  typed.route({
    ...JOB_OPERATIONS.cancelJob,
    handler: async (request, reply) => {
      const { id } = await jobOf(store, keyOf(request), request.params.id);
      const ended = await work.end(id, "cancel");
      if (ended.kind === "not_found") throw noSuchJob(id);
      const { status } = ended.job;
      // A repeated request is answered like the first one, as long as the job is being cancelled.
      const isUnderWay = ended.kind === "asked" || endingOf(ended.job) === "cancel";
      if (ended.kind === "refused" && !isUnderWay && status !== "cancelled") {
        throw new ServiceError("wrong_state", `the job is ${status}, so it can no longer be cancelled`);
      }
      return reply.code(isUnderWay ? 202 : 200).send(jobAnswer(ended.job));
    },
  });
}

/**
 * Finds a job of the key's consumer, in the key's mode.
 *
 * @throws ServiceError if there is none
 */
export async function jobOf(store: JobStore, key: KeyRow, id: string): Promise<JobRow> {
  const job = await store.job(id, key);
  if (job === undefined) throw noSuchJob(id);
  return job;
}

export function noSuchJob(id: string): ServiceError {
  return new ServiceError("not_found", `this key has no job ${id}`);
}

function answerTo(created: Creation): StoredAnswer {
  switch (created.kind) {
    case "created":
    case "existing":
    case "replayed":
      return created.answer;
    case "key_conflict":
      throw new ServiceError(
        "idempotency_conflict",
        "this Idempotency-Key was used with a different request; send a new key",
      );
    case "over_quota":
      throw new ServiceError(
        "quota_exceeded",
        `this key has reached its limit of ${created.maxConcurrent} live jobs; retry when one has ended`,
        {
          retryAfterSeconds: QUOTA_RETRY_SECONDS,
        },
      );
    case "bot_busy":
      throw new ServiceError("bot_busy", `the bot already has a live job in this server: ${created.jobId}`);
  }
}

/** Sends bytes instead of an object, because a repeated request gets the same bytes. */
function send(reply: FastifyReply, { status, body }: StoredAnswer): FastifyReply {
  return reply.code(status).type(JSON_TYPE).send(Buffer.from(body));
}

function hashOf({ method, url, body }: FastifyRequest): string {
  return createHash("sha256")
    .update(`${method} ${url} ${JSON.stringify(body)}`)
    .digest("hex");
}
