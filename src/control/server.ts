import type { FastifyInstance, FastifyRequest } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import { bearerCheck } from "../http/bearer.ts";
import { createHttpServer, type ListeningServer, listen } from "../http/server.ts";
import type { Log } from "../log.ts";
import type { ControlResult } from "../session/control.ts";
import { CONTROL_API } from "./api-document.ts";
import { ControlError } from "./api-error.ts";
import { viewOf } from "./job-view.ts";
import { WORKER_LIMITS } from "./limits.ts";
import { createMetrics } from "./metrics.ts";
import { OnceByKey } from "./once-by-key.ts";
import { OPERATIONS } from "./operations.ts";
import { obstacleOf } from "./readiness.ts";
import { type ControlledJob, Verbs } from "./verbs.ts";

export interface HttpServerOptions {
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
  /** Names, in lower case, by which requests may call the server; IP addresses and localhost are always allowed. */
  readonly allowedHosts: readonly string[];
  /** The token for watching and controlling the job; undefined if nobody may. */
  readonly token: string | undefined;
  readonly job: ControlledJob;
  readonly log: Log;
}

const UNEXPECTED_HOST =
  "the Host header names another host; use the worker's IP address, or add the name to MEETBOT_HTTP_ALLOWED_HOSTS";

/**
 * Health, metrics and control of one job.
 *
 * @throws InputError if the address is taken or not this machine's
 */
export async function startHttpServer(options: HttpServerOptions): Promise<ListeningServer> {
  const { allowedHosts, job, log } = options;
  const server = await createHttpServer({
    limits: WORKER_LIMITS,
    hostnames: allowedHosts,
    unexpectedHost: UNEXPECTED_HOST,
    api: CONTROL_API,
    failed: "the worker could not do this; its log says why",
    name: "control",
    log,
  });
  await server.register(async (scope) => serveHealth(scope, job));
  await server.register(async (scope) => serveJob(scope, options));
  return await listen(server, options, "MEETBOT_HTTP_HOST and MEETBOT_HTTP_PORT");
}

/** The routes for probes, scrapers and tools, without a token. */
function serveHealth(scope: FastifyInstance, job: ControlledJob): void {
  const metrics = createMetrics(() => job.status());
  scope.route({ ...OPERATIONS.healthz, handler: async () => ({ status: "ok" }) });
  scope.route({
    ...OPERATIONS.readyz,
    handler: async (_request, reply) => {
      const report = job.status();
      const reason = obstacleOf(report);
      return reply.code(reason === undefined ? 200 : 503).send({ status: report.state.status, reason });
    },
  });
  scope.route({
    ...OPERATIONS.metrics,
    handler: async (_request, reply) => reply.type(metrics.contentType).send(await metrics.metrics()),
  });
  let document: Buffer | undefined;
  scope.route({
    ...OPERATIONS.openApi,
    handler: async (_request, reply) => {
      // All responses share one copy, so unread ones use no more memory.
      document ??= Buffer.from(JSON.stringify(scope.swagger()));
      return reply.type("application/json; charset=utf-8").send(document);
    },
  });
}

/** The routes for the job, which need the token. */
async function serveJob(scope: FastifyInstance, { token, job, log }: HttpServerOptions): Promise<void> {
  const verbs = new Verbs(job);
  const mayControl = token === undefined ? undefined : bearerCheck(token);
  scope.addHook("onRequest", async (request, reply) => {
    // Responses must not be cached, because a job changes and only the requesting client may see it.
    reply.header("cache-control", "no-store");
    if (mayControl === undefined) {
      throw new ControlError(
        "control_disabled",
        "nobody can control this worker: it was started without MEETBOT_CONTROL_TOKEN",
      );
    }
    if (!mayControl(request.headers.authorization)) {
      reply.header("www-authenticate", "Bearer");
      throw new ControlError("unauthorized", "send the worker's MEETBOT_CONTROL_TOKEN as Authorization: Bearer TOKEN");
    }
    const { jobId } = job.status();
    if (!isFor(jobId, request)) throw new ControlError("not_found", `this worker has another job, ${jobId}`);
  });

  const posted = new OnceByKey<ControlResult>();
  const postOnce = ({ url, headers }: FastifyRequest, post: () => Promise<ControlResult>): Promise<ControlResult> => {
    const key = headers["idempotency-key"];
    return posted.run(key === undefined ? undefined : `${url} ${String(key)}`, async () => {
      const result = await post();
      const { messageId, offsetMs } = result;
      if (messageId !== undefined) log.info({ messageId }, "control: a message was posted");
      else log.info({ offsetMs }, "control: a note was written");
      return result;
    });
  };

  await scope.register(async (plain) => {
    // These take no body; any body is ignored.
    plain.removeAllContentTypeParsers();
    plain.addContentTypeParser("*", (_request, body, done) => {
      body.resume();
      done(null);
    });
    const logged = (request: FastifyRequest, result: ControlResult): ControlResult => {
      log.info({ changed: result.changed, status: result.status }, `control: ${request.method} ${request.url}`);
      return result;
    };
    plain.route({ ...OPERATIONS.getJob, handler: async () => viewOf(job.status()) });
    plain.route({ ...OPERATIONS.pauseRecording, handler: async (request) => logged(request, verbs.pause()) });
    plain.route({ ...OPERATIONS.resumeRecording, handler: async (request) => logged(request, verbs.resume()) });
    plain.route({ ...OPERATIONS.stopRecording, handler: async (request) => logged(request, verbs.stop()) });
    plain.route({
      ...OPERATIONS.leaveCall,
      handler: async (request, reply) => reply.code(202).send(logged(request, verbs.leave())),
    });
    plain.route({
      ...OPERATIONS.requestRecordingPermission,
      handler: async (request, reply) => {
        return reply.code(202).send(await postOnce(request, () => verbs.requestPermission()));
      },
    });
    plain.route({
      ...OPERATIONS.deleteJob,
      handler: async (request, reply) => {
        verbs.cancel();
        log.info({}, `control: ${request.method} ${request.url}`);
        return reply.code(204).send();
      },
    });
  });

  scope.removeContentTypeParser("text/plain");
  const typed = scope.withTypeProvider<ZodTypeProvider>();
  typed.route({
    ...OPERATIONS.sendChatMessage,
    handler: (request) => postOnce(request, () => verbs.say(request.body.message)),
  });
  typed.route({
    ...OPERATIONS.answerConsent,
    handler: async (request) => {
      const result = verbs.consent(request.body);
      log.info({ userId: request.body.userId, granted: request.body.granted }, "control: an answer was noted");
      return result;
    },
  });
  typed.route({ ...OPERATIONS.addNote, handler: (request) => postOnce(request, () => verbs.note(request.body)) });
}

function isFor(jobId: string, { params }: FastifyRequest): boolean {
  return typeof params === "object" && params !== null && Reflect.get(params, "id") === jobId;
}
