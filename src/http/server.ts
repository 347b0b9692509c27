import { type FastifyError, type FastifyInstance, fastify } from "fastify";
import { hasZodFastifySchemaValidationErrors } from "fastify-type-provider-zod";
import { hasCode, InputError, messageOf } from "../errors.ts";
import { usePlainWords } from "../text/plain-issues.ts";
import { AllowedMethods } from "./allowed-methods.ts";
import { ApiError, type Issue, noRoute, serverRefusal } from "./api-error.ts";
import { type BoundedServerOptions, boundedServer, refuse } from "./bounded-server.ts";
import { type ApiDescription, describeRoutes } from "./document.ts";
import { isTooDeep, MAX_JSON_DEPTH } from "./json-depth.ts";

const JSON_TYPE = "application/json; charset=utf-8";

type FieldError = NonNullable<FastifyError["validation"]>[number];

/** Logs internal errors. */
interface FailureLog {
  error(fields: object, message: string): void;
}

export interface HttpServerOptions extends Omit<BoundedServerOptions, "allowedAt"> {
  readonly api: ApiDescription;
  /** The sentence that answers an internal error. */
  readonly failed: string;
  /** Translates one of the program's errors; undefined if it is an internal error. */
  readonly explain?: (error: Error) => ApiError | undefined;
  /** Removes secrets from error responses and log lines, which may quote the request. */
  readonly redact?: (text: string) => string;
  /** The prefix of log messages. */
  readonly name: string;
  readonly log: FailureLog;
}

/** A server without routes, with limits, error responses, and a document of the routes that are added. */
export async function createHttpServer(options: HttpServerOptions): Promise<FastifyInstance> {
  usePlainWords();
  const methods = new AllowedMethods();
  const server: FastifyInstance = fastify({
    forceCloseConnections: true,
    bodyLimit: options.limits.maxBodyBytes,
    // By default 100 characters, and names of files are longer. A URL is never longer than the headers.
    routerOptions: { maxParamLength: options.limits.maxHeaderBytes },
    serverFactory: (handle) => boundedServer(handle, { ...options, allowedAt: (url) => methods.at(url) }),
    // The URL cannot be decoded; Fastify's own response would quote it.
    frameworkErrors: (_error, _request, reply) => {
      reply.hijack();
      refuse(
        reply.raw,
        serverRefusal("invalid_input", "the path of the URL cannot be decoded; see /openapi.json for the addresses"),
      );
    },
  });
  refuseDeepBodies(server);
  methods.watch(server);
  answerErrors(server, methods, options);
  await describeRoutes(server, options.api);
  return server;
}

function refuseDeepBodies(server: FastifyInstance): void {
  // The options are Fastify's defaults: names that would change an object's prototype are errors.
  const parse = server.getDefaultJsonParser("error", "error");
  server.removeContentTypeParser("application/json");
  server.addContentTypeParser<string>("application/json", { parseAs: "string" }, (request, body, done) => {
    if (isTooDeep(body)) {
      return done(refusedBody(`expected at most ${MAX_JSON_DEPTH} levels of objects and lists`), undefined);
    }
    return parse(request, body, (error, value) => done(error === null ? null : unreadable(body), value));
  });
}

/** Why the parser refuses a body. Its own message is not used, because it quotes the request. */
function unreadable(body: string): ApiError {
  if (isJson(body)) return refusedBody("expected a JSON object, without a key __proto__ or constructor.prototype");
  return refusedBody("it is not valid JSON, expected a JSON object");
}

function isJson(body: string): boolean {
  try {
    JSON.parse(body);
    return true;
  } catch {
    return false;
  }
}

function refusedBody(message: string): ApiError {
  return serverRefusal("invalid_input", `the body: ${message}`, [{ path: [], message }]);
}

/** A server that listens. */
export interface ListeningServer {
  /** Includes the actual port. */
  readonly address: string;
  /** Idempotent. */
  close(): Promise<void>;
}

/** Reasons why the system lets nobody listen at an address, and what helps. */
const LISTEN_ADVICE: ReadonlyMap<string, string> = new Map([
  ["EADDRINUSE", "another program listens there; end it, or set another port"],
  ["EADDRNOTAVAIL", "this machine has no such address; set one that it has, or 0.0.0.0 for all"],
  ["EACCES", "this user may not listen on that port; set one from 1024 up"],
]);

/**
 * @param port 0 for any free one
 * @param settings the names of the settings for host and port
 * @throws InputError if the address is taken or not this machine's
 */
export async function listen(
  server: FastifyInstance,
  { host, port }: { readonly host: string; readonly port: number },
  settings: string,
): Promise<ListeningServer> {
  try {
    const address = await server.listen({ host, port });
    return { address, close: () => server.close() };
  } catch (error) {
    const code: unknown = error instanceof Error ? Reflect.get(error, "code") : undefined;
    const reason = (typeof code === "string" && LISTEN_ADVICE.get(code)) || messageOf(error);
    throw new InputError(`${settings}: cannot listen on ${host}, port ${port}: ${reason}`, { cause: error });
  }
}

function answerErrors(server: FastifyInstance, methods: AllowedMethods, options: HttpServerOptions): void {
  const { log, name, redact = (text) => text } = options;
  const bodyOf = ({ body }: ApiError): Buffer => Buffer.from(redact(JSON.stringify(body)));
  server.setNotFoundHandler((request, reply) => {
    const error = noRoute(request.method, request.url, methods.at(request.url));
    return reply.code(error.status).headers(error.headers).type(JSON_TYPE).send(bodyOf(error));
  });
  server.setErrorHandler((error: FastifyError | ApiError, request, reply) => {
    const answer = error instanceof ApiError ? error : (options.explain?.(error) ?? answerTo(error, options));
    if (answer.code === "internal_error") {
      log.error({ err: error }, `${name}: ${request.method} ${redact(request.url)} failed`);
    }
    return reply.code(answer.status).headers(answer.headers).type(JSON_TYPE).send(bodyOf(answer));
  });
}

/**
 * The problem of one field. An object with unknown fields gives one issue for each; a schema that explains them writes
 * one line for each, in key order.
 */
function issuesOf({ instancePath, keyword, params, message = "not as described" }: FieldError): Issue[] {
  const path = instancePath
    .split("/")
    .slice(1)
    .filter((name) => name !== "");
  const { keys } = params;
  if (keyword !== "unrecognized_keys" || !Array.isArray(keys)) return [{ path, message }];
  const lines = message.split("\n");
  return keys.map((key, index) => ({ path: [...path, String(key)], message: lines[index] ?? message }));
}

/** The first issue of each field: a text that breaks one rule of a field often breaks the next one too. */
function firstOfEach(issues: readonly Issue[]): Issue[] {
  return [...Map.groupBy(issues, ({ path }) => JSON.stringify(path)).values()].flatMap(([first]) => first ?? []);
}

/** Errors from Fastify itself. Its messages are not used, because the parser's quote the request. */
function answerTo(error: FastifyError, { limits, failed }: HttpServerOptions): ApiError {
  if (hasZodFastifySchemaValidationErrors(error)) {
    const issues = firstOfEach(error.validation.flatMap(issuesOf));
    const text = issues.map(({ path, message }) => `${path.join(".") || "the body"}: ${message}`).join("; ");
    return serverRefusal("invalid_input", text, issues);
  }
  if (hasCode(error, "FST_ERR_CTP_BODY_TOO_LARGE")) {
    const text = `the body is too large, expected ${limits.maxBodyBytes} bytes at most`;
    return serverRefusal("payload_too_large", text);
  }
  if (hasCode(error, "FST_ERR_CTP_INVALID_MEDIA_TYPE")) {
    return serverRefusal("unsupported_media_type", "expected a body with Content-Type: application/json");
  }
  if (error.statusCode === 400 || hasCode(error, "FST_ERR_CTP_EMPTY_JSON_BODY")) {
    return refusedBody("expected a JSON object");
  }
  return serverRefusal("internal_error", failed);
}
