import { freemem, totalmem } from "node:os";
import type { FastifyInstance } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import { SOFTWARE } from "../../../version.ts";
import { overlapText } from "../../domain/secret-overlap.ts";
import type { UsageRow } from "../../ports/jobs.ts";
import type { KeyRow, KeyStore } from "../../ports/keys.ts";
import { rotateSecret } from "../../rotate-secret.ts";
import type { ApiOptions } from "../api-options.ts";
import { isoTime, isoTimeOrNull } from "../jobs/job-answer.ts";
import { HOST_OPERATIONS } from "../operations/host.ts";
import { invalidInput, ServiceError } from "../service-error.ts";
import { keyOf } from "./auth.ts";
import { REQUESTS_PER_SECOND } from "./rate-limit.ts";

const DAY_MS = 86_400_000;
const DEFAULT_USAGE_MS = 30 * DAY_MS;
const MAX_USAGE_MS = 366 * DAY_MS;

/** Requests for usage, the consumer and its webhook secret, and the state of the host. */
export function serveAccount(scope: FastifyInstance, options: ApiOptions): void {
  const { store, work, clock } = options;
  const typed = scope.withTypeProvider<ZodTypeProvider>();

  typed.route({
    ...HOST_OPERATIONS.getUsage,
    handler: async (request) => {
      const to = request.query.to === undefined ? clock.now() : Date.parse(request.query.to);
      const from = request.query.from === undefined ? to - DEFAULT_USAGE_MS : Date.parse(request.query.from);
      if (from >= to || to - from > MAX_USAGE_MS) {
        throw invalidInput([{ path: ["from"], message: "expected a time before `to`, by at most 366 days" }]);
      }
      const rows = await store.usage(keyOf(request), from, to);
      return {
        ...{ from: isoTime(from), to: isoTime(to), ...sumOf(rows) },
        days: daysOf(rows),
        jobs: rows.map(({ endedAt, ...row }) => ({ ...row, endedAt: isoTime(endedAt) })),
      };
    },
  });

  typed.route({
    ...HOST_OPERATIONS.getConsumer,
    handler: async (request) => {
      return await accountOf(store, keyOf(request), clock.now());
    },
  });

  typed.route({
    ...HOST_OPERATIONS.rotateWebhookSecret,
    handler: async (request) => {
      const rotated = await rotateSecret(keyOf(request).id, request.body.overlapHours, options);
      switch (rotated.kind) {
        case "rotated":
          return {
            webhookSecret: rotated.webhookSecret,
            previousValidUntil: isoTimeOrNull(rotated.oldUntil),
          };
        case "overlaps":
          throw new ServiceError("secret_overlap", overlapText(isoTime(rotated.oldUntil)));
        case "not_found":
          throw new TypeError("the key of a request is gone");
      }
    },
  });

  typed.route({
    ...HOST_OPERATIONS.getHost,
    handler: async (request) => {
      if (keyOf(request).role !== "operator") {
        throw new ServiceError(
          "operators_only",
          "this key has the role customer; only a key with the role operator can read this",
        );
      }
      const now = clock.now();
      const { lastTickAt, maxWorkers, workers, waiting, silent } = work.health();
      const before = performance.now();
      await store.ping();
      const latencyMs = performance.now() - before;
      const oldestDue = await store.oldestDue(now);
      return {
        ...{ version: SOFTWARE.version, node: process.version, uptimeSeconds: process.uptime() },
        workers: { running: workers, slots: maxWorkers, free: Math.max(0, maxWorkers - workers), waiting, silent },
        jobs: { ...(await store.countByStatus()) },
        scheduler: {
          lastTickAt: isoTimeOrNull(lastTickAt),
          lastTickAgeSeconds: lastTickAt === null ? null : ageSeconds(lastTickAt, now),
        },
        database: { answers: true, latencyMs },
        deliveries: { oldestDueSeconds: oldestDue === undefined ? null : ageSeconds(oldestDue, now) },
        memory: { rssBytes: process.memoryUsage.rss(), freeBytes: freemem(), totalBytes: totalmem() },
      };
    },
  });
}

/** Whose key it is, and its limits. */
export async function accountOf(store: KeyStore, key: KeyRow, at: number) {
  const consumer = await store.consumer(key.consumerId);
  const { id, name, shownPrefix, mode, role, maxConcurrent, createdAt, oldWebhookSecretUntil: until } = key;
  const previousSecretValidUntil = isoTimeOrNull(until !== null && until > at ? until : null);
  return {
    ...{ id: key.consumerId, name: consumer?.name ?? "" },
    key: { id, name, shownPrefix, mode, role, createdAt: isoTime(createdAt), previousSecretValidUntil },
    limits: { maxConcurrent, requestsPerSecond: REQUESTS_PER_SECOND },
  };
}

function ageSeconds(at: number, now: number): number {
  return Math.max(0, now - at) / 1_000;
}

function sumOf(rows: readonly UsageRow[]) {
  const sum = (some: readonly UsageRow[]): number => some.reduce((seconds, row) => seconds + row.seconds, 0);
  return { seconds: sum(rows), billedSeconds: sum(rows.filter(({ billed }) => billed)) };
}

/** By the UTC day on which each job ended, newest first. */
function daysOf(rows: readonly UsageRow[]) {
  const days = Map.groupBy(rows, ({ endedAt }) => isoTime(endedAt).slice(0, 10));
  return [...days].map(([day, ofDay]) => ({ day, ...sumOf(ofDay), jobs: ofDay.length }));
}
