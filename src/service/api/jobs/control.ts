import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import type { JobRow } from "../../domain/job-row.ts";
import { workerObstacle } from "../../domain/verbs.ts";
import { type ControlAnswer, type ControlRequest, WorkerUnreachableError } from "../../ports/workers.ts";
import type { ApiOptions } from "../api-options.ts";
import { keyOf } from "../keys/auth.ts";
import { CONTROL_OPERATIONS } from "../operations/control.ts";
import { ServiceError } from "../service-error.ts";
import { jobOf, noSuchJob } from "./jobs.ts";

/** Discord itself may take seconds to post a message. */
const VERB_DEADLINE_MS = 10_000;

/** The statuses of a worker that customers may see. Others, such as 401, mean that another process answered. */
const PASSED_BACK: ReadonlySet<number> = new Set([200, 202, 400, 409, 413, 415, 502]);

/** Passes requests on to the workers of jobs. */
export function serveControl(scope: FastifyInstance, { store, work, control }: ApiOptions): void {
  const pass = async (
    request: FastifyRequest<{ Params: { id: string } }>,
    reply: FastifyReply,
    sent: Pick<ControlRequest, "path" | "body">,
  ): Promise<FastifyReply> => {
    const job = await jobOf(store, keyOf(request), request.params.id);
    const obstacle = workerObstacle(job);
    if (obstacle !== null) throw new ServiceError("wrong_state", obstacle);
    const idempotencyKey = request.headers["idempotency-key"];
    const answer = await control
      .send(job, {
        method: "POST",
        ...sent,
        ...(typeof idempotencyKey === "string" ? { idempotencyKey } : {}),
        timeoutMs: VERB_DEADLINE_MS,
      })
      .catch((error: unknown) => {
        if (!(error instanceof WorkerUnreachableError)) throw error;
        throw new ServiceError("worker_unreachable", error.message);
      });
    return await passBack(reply, answer);
  };

  scope.register(async (plain) => {
    // These requests take no body. If there is one, it is ignored.
    plain.removeAllContentTypeParsers();
    plain.addContentTypeParser("*", (_request, body, done) => {
      body.resume();
      done(null);
    });
    const typed = plain.withTypeProvider<ZodTypeProvider>();
    typed.route({
      ...CONTROL_OPERATIONS.pauseRecording,
      handler: (request, reply) => pass(request, reply, { path: "/pause-recording" }),
    });
    typed.route({
      ...CONTROL_OPERATIONS.resumeRecording,
      handler: (request, reply) => pass(request, reply, { path: "/resume-recording" }),
    });
    typed.route({
      ...CONTROL_OPERATIONS.stopRecording,
      handler: (request, reply) => pass(request, reply, { path: "/stop-recording" }),
    });
    typed.route({
      ...CONTROL_OPERATIONS.requestRecordingPermission,
      handler: (request, reply) => pass(request, reply, { path: "/request-recording-permission" }),
    });
    typed.route({
      ...CONTROL_OPERATIONS.leaveCall,
      handler: async (request, reply) => {
        const { id } = await jobOf(store, keyOf(request), request.params.id);
        const ended = await work.end(id, "leave");
        if (ended.kind === "not_found") throw noSuchJob(id);
        return reply.code(202).send(resultOf(ended.job, ended.kind !== "refused"));
      },
    });
  });

  const typed = scope.withTypeProvider<ZodTypeProvider>();
  typed.route({
    ...CONTROL_OPERATIONS.sendChatMessage,
    handler: (request, reply) => pass(request, reply, { path: "/send-chat-message", body: request.body }),
  });
  typed.route({
    ...CONTROL_OPERATIONS.addNote,
    handler: (request, reply) => pass(request, reply, { path: "/note", body: request.body }),
  });
}

function resultOf(job: JobRow, changed: boolean) {
  if (job.status === "scheduled") throw new TypeError("the end of a scheduled job cancels it");
  return { id: job.id, jobId: job.id, status: job.status, paused: job.paused, changed };
}

/** Passes the worker's answer on unchanged. */
function passBack(reply: FastifyReply, { status, body }: ControlAnswer): FastifyReply {
  if (!PASSED_BACK.has(status)) {
    throw new ServiceError("worker_unreachable", `the job's worker refused the request with HTTP status ${status}`);
  }
  return reply.code(status).type("application/json; charset=utf-8").send(body);
}
