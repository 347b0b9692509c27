import type { FastifyInstance } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import type { DeliveryAttempt, DeliveryRow } from "../ports/deliveries.ts";
import type { ApiOptions } from "./api-options.ts";
import { isoTime } from "./jobs/job-answer.ts";
import { jobOf } from "./jobs/jobs.ts";
import { keyOf } from "./keys/auth.ts";
import { RECORD_OPERATIONS } from "./operations/records.ts";
import type { DeliveryView } from "./schemas/ledger.ts";
import { ServiceError } from "./service-error.ts";

/** The most attempts that a delivery shows. */
const MAX_ATTEMPTS = 20;

/** Lists deliveries, and delivers again. */
export function serveDeliveries(scope: FastifyInstance, { store, clock, work }: ApiOptions): void {
  const typed = scope.withTypeProvider<ZodTypeProvider>();
  const viewsOf = async (rows: readonly DeliveryRow[]): Promise<DeliveryView[]> => {
    const ids = rows.map(({ id }) => id);
    const attempts = Map.groupBy(await store.attempts(ids, MAX_ATTEMPTS), ({ deliveryId }) => deliveryId);
    return rows.map((row) => viewOf(row, attempts.get(row.id) ?? []));
  };

  typed.route({
    ...RECORD_OPERATIONS.listDeliveries,
    handler: async (request) => {
      const { limit, cursor } = request.query;
      const job = await jobOf(store, keyOf(request), request.params.id);
      const page = await store.deliveries(job.id, { limit, ...(cursor === undefined ? {} : { cursor }) });
      return { data: await viewsOf(page.items), nextCursor: page.next };
    },
  });

  typed.route({
    ...RECORD_OPERATIONS.resendDelivery,
    handler: async (request, reply) => {
      const { id, deliveryId } = request.params;
      const job = await jobOf(store, keyOf(request), id);
      const known = await store.delivery(deliveryId);
      if (known?.jobId !== job.id || !(await store.resend(deliveryId, clock.now()))) {
        throw new ServiceError("not_found", `job ${job.id} has no delivery ${deliveryId}`);
      }
      work.wake();
      const [view] = await viewsOf([(await store.delivery(deliveryId)) ?? known]);
      return reply.code(202).send(view);
    },
  });
}

function viewOf(row: DeliveryRow, attempts: readonly DeliveryAttempt[]): DeliveryView {
  return {
    ...{ id: row.id, event: row.event, state: row.state },
    webhook: row.kind === "status" ? "onStatus" : "onFinalize",
    emittedAt: isoTime(row.emittedAt),
    nextAttemptAt: row.state === "pending" ? isoTime(row.nextAt) : null,
    attempts: attempts.map(({ number, at, status, latencyMs, error }) => ({
      ...{ number, at: isoTime(at), status, latencyMs, error },
    })),
    data: JSON.parse(row.dataJson),
  };
}
