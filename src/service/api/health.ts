import type { FastifyInstance } from "fastify";
import type { ApiOptions } from "./api-options.ts";
import type { ServiceMetrics } from "./metrics.ts";
import { HOST_OPERATIONS } from "./operations/host.ts";
import { obstacleOf } from "./readiness.ts";
import type { StoreFailures } from "./store-failures.ts";

/** Recordings do not need it, so it does not make the service unready. */
function residentIn({ resident }: ApiOptions) {
  if (resident === undefined) return {};
  const state = resident.state();
  return { resident: { state: state.kind, why: "why" in state ? state.why : null } };
}

/** Health, metrics and the document, for probes, scrapers and tools. They need no key. */
export function serveHealth(
  scope: FastifyInstance,
  options: ApiOptions,
  metrics: ServiceMetrics,
  failures: StoreFailures,
): void {
  scope.route({ ...HOST_OPERATIONS.healthz, handler: async () => ({ status: "ok" }) });
  scope.route({
    ...HOST_OPERATIONS.readyz,
    handler: async (_request, reply) => {
      const reason = await obstacleOf(options, failures);
      return reason === undefined
        ? { status: "ready", ...residentIn(options) }
        : reply.code(503).send({ status: "unready", reason });
    },
  });
  scope.route({
    ...HOST_OPERATIONS.metrics,
    handler: async (_request, reply) => reply.type(metrics.contentType).send(await metrics.read()),
  });
  let document: Buffer | undefined;
  scope.route({
    ...HOST_OPERATIONS.openApi,
    handler: async (_request, reply) => {
      // One copy for all answers, so clients that do not read cost no memory.
      document ??= Buffer.from(JSON.stringify(scope.swagger()));
      return reply.type("application/json; charset=utf-8").send(document);
    },
  });
}
