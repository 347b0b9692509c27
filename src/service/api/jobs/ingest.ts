import type { FastifyInstance } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import { bearerToken } from "../../../http/bearer.ts";
import type { ApiOptions } from "../api-options.ts";
import { HOST_OPERATIONS } from "../operations/host.ts";
import { ServiceError } from "../service-error.ts";

/** Takes job events from workers. Each attempt has its own token. */
export function serveIngest(scope: FastifyInstance, { work }: ApiOptions): void {
  scope.withTypeProvider<ZodTypeProvider>().route({
    ...HOST_OPERATIONS.ingest,
    handler: async (request) => {
      const token = bearerToken(request.headers.authorization);
      const ingested = token === undefined ? { kind: "unknown_token" } : await work.ingest(token, request.body);
      if (ingested.kind === "unknown_token") {
        throw new ServiceError("unauthorized", "send the worker's own token as Authorization: Bearer TOKEN");
      }
      if (ingested.kind === "stale") {
        throw new ServiceError("stale_attempt", "a newer worker has this job; this one must end");
      }
      return { accepted: true as const };
    },
  });
}
