import { fastify } from "fastify";
import { InputError, messageOf } from "../errors.ts";
import type { JobStatusReport } from "../recording/status.ts";
import { createMetrics } from "./metrics.ts";

export interface HttpServerOptions {
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
  readonly status: () => JobStatusReport;
}

export interface HttpServer {
  /** With the port that it really has. */
  readonly address: string;
  /** Idempotent. */
  close(): Promise<void>;
}

/**
 * Health and metrics of one job.
 *
 * @throws InputError where the address is taken or not this machine's
 */
export async function startHttpServer({ host, port, status }: HttpServerOptions): Promise<HttpServer> {
  const server = fastify({ forceCloseConnections: true });
  const metrics = createMetrics(status);
  server.get("/healthz", async () => ({ status: "ok" }));
  server.get("/readyz", async (_request, reply) => {
    const { state } = status();
    const ready = state.status === "recording" || state.status === "finalizing";
    return reply.code(ready ? 200 : 503).send({ status: state.status });
  });
  server.get("/metrics", async (_request, reply) => reply.type(metrics.contentType).send(await metrics.metrics()));
  try {
    const address = await server.listen({ host, port });
    return { address, close: () => server.close() };
  } catch (error) {
    const reason = messageOf(error);
    throw new InputError(`MEETBOT_HTTP_HOST and MEETBOT_HTTP_PORT: cannot listen on ${host}, port ${port}: ${reason}`, {
      cause: error,
    });
  }
}
