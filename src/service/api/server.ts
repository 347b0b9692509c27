import type { FastifyRequest } from "fastify";
import { createHttpServer, type ListeningServer, listen } from "../../http/server.ts";
import { Redactor } from "../../redactor.ts";
import type { PageAssets } from "../page/page-document.ts";
import { PageSessions } from "../page/page-sessions.ts";
import { type ReadDocument, serveDocuments } from "../page/serve-documents.ts";
import { servePage } from "../page/serve-page.ts";
import { serveSessionData } from "../page/serve-session-data.ts";
import type { Downloads } from "../ports/downloads.ts";
import { StoreUnavailableError } from "../ports/store.ts";
import { serveLinks } from "../shared-link/serve-link.ts";
import type { SharedLinks } from "../shared-link/shared-links.ts";
import { withoutTokens } from "../shared-link/token.ts";
import { SERVICE_API } from "./api-document.ts";
import type { ApiOptions } from "./api-options.ts";
import { serveDeliveries } from "./deliveries.ts";
import { serveWatch } from "./events/watch.ts";
import { serveHealth } from "./health.ts";
import { serveControl } from "./jobs/control.ts";
import { serveIngest } from "./jobs/ingest.ts";
import { serveJobs } from "./jobs/jobs.ts";
import { LiveViews } from "./jobs/live-views.ts";
import { serveAccount } from "./keys/account.ts";
import { bearerKeys, requireKey } from "./keys/auth.ts";
import { serveLoginCompletion, serveLogins } from "./keys/cli-auth.ts";
import { RateLimit } from "./keys/rate-limit.ts";
import { SERVICE_LIMITS } from "./limits.ts";
import { serviceMetrics } from "./metrics.ts";
import { serveRecordings } from "./recordings.ts";
import { ServiceError } from "./service-error.ts";
import { StoreFailures } from "./store-failures.ts";

export interface ServiceServerOptions extends ApiOptions {
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
  /** Names, in lower case, by which requests may call the service; IP addresses and localhost are always allowed. */
  readonly allowedHosts: readonly string[];
  /** The page for people; undefined if it was not built. */
  readonly page?: PageAssets | undefined;
  /** Without it, no documents are served. */
  readonly readDocument?: ReadDocument;
  /** Links to recordings, and their page; undefined if it was not built. */
  readonly shared?:
    | { readonly page: PageAssets; readonly links: SharedLinks; readonly downloads: Downloads }
    | undefined;
  /** The limits of each key. */
  readonly rates?: RateLimit;
}

const UNEXPECTED_HOST =
  "the Host header names another host; use the service's IP address, or set MEETBOT_SERVICE_PUBLIC_URL to the address that customers use";

/**
 * The API of the service.
 *
 * @throws InputError if the address is taken or not this machine's
 */
export async function startServiceServer(options: ServiceServerOptions): Promise<ListeningServer> {
  const { store, clock, control, allowedHosts, log, page, readDocument, shared, rates = new RateLimit() } = options;
  const redactor = new Redactor([]);
  const failures = new StoreFailures(clock, log);
  const server = await createHttpServer({
    limits: SERVICE_LIMITS,
    hostnames: allowedHosts,
    unexpectedHost: UNEXPECTED_HOST,
    api: SERVICE_API,
    // Somebody may put a bot token in the place of a job's id or a field's name.
    redact: (text) => withoutTokens(redactor.redact(text)),
    failed: "the service could not answer the request; its log has the error",
    name: "service",
    log,
    explain: (error) => {
      if (!(error instanceof StoreUnavailableError)) return undefined;
      failures.note(error);
      return new ServiceError("store_unavailable", "the database does not answer", { retryAfterSeconds: 1 });
    },
  });
  const views = new LiveViews(control, clock);
  const sessions = new PageSessions(options);
  const ofClients = bearerKeys(store);
  const metrics = serviceMetrics(options);
  server.addHook("onResponse", async (_request, reply) => metrics.answered(reply.statusCode));
  await server.register(async (scope) => serveHealth(scope, options, metrics, failures));
  await server.register(async (scope) => {
    scope.removeContentTypeParser("text/plain");
    serveIngest(scope, options);
    serveLogins(scope, options);
  });
  await server.register(async (scope) => {
    scope.removeContentTypeParser("text/plain");
    // A client that sends a key means that one, whatever cookie its browser adds.
    const find = (request: FastifyRequest) =>
      request.headers.authorization === undefined ? sessions.keyOf(request) : ofClients(request);
    requireKey(scope, { find, clock, rates });
    serveJobs(scope, options, views);
    serveControl(scope, options);
    serveWatch(scope, options, views);
    serveDeliveries(scope, options);
    serveRecordings(scope, options);
    serveAccount(scope, options);
    serveLoginCompletion(scope, options);
  });
  if (readDocument !== undefined) await server.register(async (scope) => serveDocuments(scope, readDocument));
  if (page !== undefined) {
    await server.register(async (scope) => {
      scope.removeContentTypeParser("text/plain");
      servePage(scope, page, { store, clock, rates, sessions });
    });
    await server.register(async (scope) => {
      requireKey(scope, { find: (request) => sessions.keyOf(request), clock, rates });
      serveSessionData(scope, options, { sessions, views });
    });
  }
  if (shared !== undefined) {
    await server.register(async (scope) => {
      const { page: assets, links, downloads } = shared;
      serveLinks(scope, assets, { ...options, links, downloads, rates });
    });
  }
  return await listen(server, options, "MEETBOT_SERVICE_HOST and MEETBOT_SERVICE_PORT");
}
