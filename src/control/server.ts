import { type FastifyError, type FastifyInstance, type FastifyRequest, fastify } from "fastify";
import { hasZodFastifySchemaValidationErrors, type ZodTypeProvider } from "fastify-type-provider-zod";
import { hasCode, InputError, messageOf } from "../errors.ts";
import type { Log } from "../recording/ports.ts";
import { describeRoutes } from "./api-document.ts";
import { ApiError, type ApiErrorCode } from "./api-error.ts";
import { bearerCheck } from "./bearer.ts";
import { boundedServer, refuse } from "./connections.ts";
import { viewOf } from "./job-view.ts";
import { MAX_BODY_BYTES } from "./limits.ts";
import { createMetrics } from "./metrics.ts";
import { OnceByKey } from "./once.ts";
import { type ControlResult, OPERATIONS } from "./operations.ts";
import { obstacleOf } from "./readiness.ts";
import { type ControlledJob, Verbs } from "./verbs.ts";

export interface HttpServerOptions {
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
  /** Names, in lower case, by which requests may call the server; IP addresses and localhost are always allowed. */
  readonly allowedHosts: readonly string[];
  /** What those who watch and control the job have to send; undefined where nobody may. */
  readonly token: string | undefined;
  readonly job: ControlledJob;
  readonly log: Log;
}

export interface HttpServer {
  /** With the port that it really has. */
  readonly address: string;
  /** Idempotent. */
  close(): Promise<void>;
}

/**
 * Health, metrics and control of one job.
 *
 * @throws InputError where the address is taken or not this machine's
 */
export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const { host, port, allowedHosts, job, log } = options;
  const server = fastify({
    forceCloseConnections: true,
    bodyLimit: MAX_BODY_BYTES,
    serverFactory: (handle) => boundedServer(handle, allowedHosts),
    // An address that is no text: Fastify's own answer quotes it.
    frameworkErrors: (_error, _request, reply) => {
      reply.hijack();
      refuse(reply.raw, new ApiError("invalid_input", "the address cannot be read; see /openapi.json"));
    },
  });
  answerErrors(server, log);
  await describeRoutes(server);
  await server.register(async (scope) => serveHealth(scope, job));
  await server.register(async (scope) => serveJob(scope, options));
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

/** What probes, scrapers and tools ask for, without a token. */
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
      // One copy for all: answers that nobody reads hold no more than this.
      document ??= Buffer.from(JSON.stringify(scope.swagger()));
      return reply.type("application/json; charset=utf-8").send(document);
    },
  });
}

/** The job and what can be asked of it, for those who have the token. */
async function serveJob(scope: FastifyInstance, { token, job, log }: HttpServerOptions): Promise<void> {
  const verbs = new Verbs(job);
  const mayControl = token === undefined ? undefined : bearerCheck(token);
  scope.addHook("onRequest", async (request, reply) => {
    // A job changes, and only the client that asked may see it.
    reply.header("cache-control", "no-store");
    if (mayControl === undefined) {
      throw new ApiError(
        "control_disabled",
        "this worker takes no orders: it was started without MEETBOT_CONTROL_TOKEN",
      );
    }
    if (!mayControl(request.headers.authorization)) {
      reply.header("www-authenticate", "Bearer");
      throw new ApiError("unauthorized", "send the worker's MEETBOT_CONTROL_TOKEN as Authorization: Bearer TOKEN");
    }
    const { jobId } = job.status();
    if (!isFor(jobId, request)) throw new ApiError("not_found", `this worker has another job, ${jobId}`);
  });

  const posted = new OnceByKey<ControlResult>();
  const postOnce = ({ url, headers }: FastifyRequest, post: () => Promise<ControlResult>): Promise<ControlResult> => {
    const key = headers["idempotency-key"];
    return posted.run(key === undefined ? undefined : `${url} ${String(key)}`, async () => {
      const result = await post();
      log.info({ messageId: result.messageId }, "control: a message was posted");
      return result;
    });
  };

  await scope.register(async (plain) => {
    // These take no body; one that comes is let go by.
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
  scope.withTypeProvider<ZodTypeProvider>().route({
    ...OPERATIONS.sendChatMessage,
    handler: (request) => postOnce(request, () => verbs.say(request.body.message)),
  });
}

function isFor(jobId: string, { params }: FastifyRequest): boolean {
  return typeof params === "object" && params !== null && Reflect.get(params, "id") === jobId;
}

function answerErrors(server: FastifyInstance, log: Log): void {
  server.setNotFoundHandler((request, reply) => {
    const error = new ApiError("not_found", `there is nothing at ${request.method} ${request.url}; see /openapi.json`);
    return reply.code(error.status).send(error.body);
  });
  server.setErrorHandler((error: FastifyError | ApiError, request, reply) => {
    const answer = error instanceof ApiError ? error : answerTo(error);
    if (answer.code === "internal_error") {
      log.error({ err: error }, `control: ${request.method} ${request.url} failed`);
    }
    return reply.code(answer.status).send(answer.body);
  });
}

/** What Fastify refuses by itself. Its messages stay out of it: the parser's quote what was sent. */
const REFUSED: Readonly<Record<string, readonly [ApiErrorCode, string]>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: ["payload_too_large", `the body is too large, expected ${MAX_BODY_BYTES} bytes at most`],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ["unsupported_media_type", "expected a body with Content-Type: application/json"],
};

function answerTo(error: FastifyError): ApiError {
  if (hasZodFastifySchemaValidationErrors(error)) {
    const issues = error.validation.map(({ instancePath, message = "not as described" }) => ({
      path: instancePath.split("/").slice(1),
      message,
    }));
    const text = issues.map(({ path, message }) => `${path.join(".") || "the body"}: ${message}`).join("; ");
    return new ApiError("invalid_input", text, issues);
  }
  const [code, text] = REFUSED[error.code] ?? [];
  if (code !== undefined && text !== undefined) return new ApiError(code, text);
  if (error.statusCode === 400 || hasCode(error, "FST_ERR_CTP_EMPTY_JSON_BODY")) {
    return new ApiError("invalid_input", "the body: expected a JSON object", [
      { path: [], message: "expected a JSON object" },
    ]);
  }
  return new ApiError("internal_error", "the worker could not do this; its log says why");
}
