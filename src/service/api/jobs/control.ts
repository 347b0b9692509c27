import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import type { JobRow } from "../../domain/job-row.ts";
import type { ControlRequest } from "../../ports/workers.ts";
import type { ApiOptions } from "../api-options.ts";
import { keyOf } from "../keys/auth.ts";
import { CONTROL_OPERATIONS } from "../operations/control.ts";
import { askWorker } from "./ask-worker.ts";
import { jobOf, noSuchJob } from "./jobs.ts";

/** Passes requests on to the workers of jobs, and their answers back unchanged. */
export function serveControl(scope: FastifyInstance, { store, work, control }: ApiOptions): void {
  const pass = async (
    request: FastifyRequest<{ Params: { id: string } }>,
    reply: FastifyReply,
    sent: Pick<ControlRequest, "path" | "body">,
  ): Promise<FastifyReply> => {
    const job = await jobOf(store, keyOf(request), request.params.id);
    const idempotencyKey = request.headers["idempotency-key"];
    const { status, body } = await askWorker(control, job, {
      ...sent,
      ...(typeof idempotencyKey === "string" ? { idempotencyKey } : {}),
    });
    return reply.code(status).type("application/json; charset=utf-8").send(body);
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
