import { createServer, type IncomingMessage, type Server, type ServerOptions, type ServerResponse } from "node:http";
import { isIP } from "node:net";
import type { Duplex } from "node:stream";
import { type ApiError, noRoute, type ServerRefusal, serverRefusal } from "./api-error.ts";
import type { HttpLimits } from "./limits.ts";
import { sliceConnections } from "./sliced-connection.ts";

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

export interface BoundedServerOptions {
  readonly limits: HttpLimits;
  /** Names, in lower case, by which requests may call the server; IP addresses and localhost are always allowed. */
  readonly hostnames: readonly string[];
  /** The answer to a request for another host: a sentence that names the setting for more names. */
  readonly unexpectedHost: string;
  /** @returns the methods that an address has; none if there is nothing */
  readonly allowedAt: (url: string) => readonly string[];
}

/**
 * A server with limits for its clients: connections, waiting requests, and unread responses. It refuses requests for
 * host names that are not its own, so a web page cannot read anything through DNS rebinding.
 */
export function boundedServer(handle: Handler, options: BoundedServerOptions): Server {
  const { limits } = options;
  const serverOptions: ServerOptions = {
    maxHeaderSize: limits.maxHeaderBytes,
    keepAliveTimeout: limits.keepAliveMs,
    requestTimeout: limits.requestMs,
    headersTimeout: limits.headersMs,
    connectionsCheckingInterval: limits.deadlineCheckMs,
    // Node's own error response has no body.
    requireHostHeader: false,
  };
  const waiting = new WeakMap<Duplex, number>();
  const server = createServer(serverOptions, (request, response) => {
    const { socket } = request;
    // It arrived in the same slice as the request that exceeded the limit.
    if (socket.destroyed) return;
    const count = (waiting.get(socket) ?? 0) + 1;
    if (count > limits.maxWaitingRequests) {
      socket.destroy();
      return;
    }
    waiting.set(socket, count);
    socket.setTimeout(limits.idleMs);
    response.once("close", () => waiting.set(socket, (waiting.get(socket) ?? 1) - 1));
    const refusal = refusalOf(request, options);
    if (refusal === undefined) handle(request, response);
    else refuse(response, refusal);
  });
  sliceConnections(server, limits.sliceBytes, limits.headersMs);
  server.maxConnections = limits.maxConnections;
  server.setTimeout(limits.idleMs);
  server.on("clientError", (error, socket) => refuseMalformed(error, socket, options));
  server.on("checkExpectation", (_request, response: ServerResponse) =>
    refuse(response, serverRefusal("invalid_input", "the Expect header is not supported")),
  );
  return server;
}

/** Others that Node's parser knows, such as PROPFIND, Fastify does not. */
const ROUTED_METHODS = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]);

function refusalOf(request: IncomingMessage, { hostnames, unexpectedHost, allowedAt }: BoundedServerOptions) {
  const { httpVersion, headersDistinct, method = "", url = "" } = request;
  const hosts = headersDistinct.host ?? [];
  // RFC 9112 §3.2. Node itself uses the first one.
  if (hosts.length > 1) return serverRefusal("invalid_input", "the request has several Host headers, expected one");
  // An absolute URL in the request line, as sent to proxies, overrides the header (RFC 9112 §3.2.2).
  const [, target] = /^[a-z][a-z\d+.-]*:\/\/([^/?#]*)/i.exec(url) ?? [];
  const host = target ?? hosts[0];
  if (host === undefined) {
    // HTTP/1.0, which no browser uses, does not require it.
    return httpVersion === "1.0" ? undefined : serverRefusal("invalid_input", "the Host header is missing");
  }
  if (!isExpected(host, hostnames)) return serverRefusal("unexpected_host", unexpectedHost);
  return ROUTED_METHODS.has(method) ? undefined : noRoute(method, "this address", allowedAt(url));
}

/** Answers a request that must not reach a route. */
export function refuse(response: ServerResponse, { status, body, headers }: ApiError): void {
  const bytes = Buffer.from(JSON.stringify(body));
  const own = { "content-type": "application/json; charset=utf-8", "content-length": bytes.length };
  response.writeHead(status, { ...headers, ...own, connection: "close" }).end(bytes);
}

/**
 * Whether a Host header (RFC 9110 §7.2) names this server. IP addresses are allowed, because they cannot be rebound,
 * and probes and scrapers in a cluster send them.
 */
function isExpected(host: string, hostnames: readonly string[]): boolean {
  const [, name] = /^(\[[\da-fA-F:.]+\]|[^:[\]]+)(?::\d*)?$/.exec(host) ?? [];
  if (name === undefined) return false;
  const bare = name
    .replace(/^\[|\]$/g, "")
    .replace(/\.$/, "")
    .toLowerCase();
  return isIP(bare) !== 0 || bare === "localhost" || hostnames.includes(bare);
}

/** Node's parser has refused the data; the response is written by hand, because there is no request. */
function refuseMalformed(error: ParserError, socket: Duplex, options: BoundedServerOptions): void {
  if (!socket.writable || error.code === "ECONNRESET") {
    socket.destroy();
    return;
  }
  const { status, code, body, headers } = refusalOfMalformed(error, options);
  const json = JSON.stringify(body);
  const head = [
    `HTTP/1.1 ${status} ${code}`,
    "content-type: application/json; charset=utf-8",
    `content-length: ${Buffer.byteLength(json)}`,
    "connection: close",
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${json}`, () => socket.destroy());
}

/** What Node's parser adds to its errors. */
interface ParserError extends NodeJS.ErrnoException {
  readonly rawPacket?: Buffer;
}

function refusalOfMalformed(
  { code = "", rawPacket }: ParserError,
  { limits, allowedAt }: BoundedServerOptions,
): ApiError {
  // A method that the parser does not know. The whole request line has to be in the first bytes.
  const line = code === "HPE_INVALID_METHOD" ? rawPacket?.toString("latin1", 0, limits.maxHeaderBytes) : undefined;
  const [, method, url] = /^([!#$%&'*+.^`|~\w-]{1,32}) (\/\S*) HTTP\/1\.[01]\r?\n/.exec(line ?? "") ?? [];
  if (method !== undefined && url !== undefined) return noRoute(method, "this address", allowedAt(url));
  const malformed: Readonly<Record<string, readonly [ServerRefusal, string]>> = {
    HPE_HEADER_OVERFLOW: [
      "headers_too_large",
      `the headers are too large, expected ${limits.maxHeaderBytes / 1024} KiB at most`,
    ],
    ERR_HTTP_REQUEST_TIMEOUT: ["request_timeout", "the request did not arrive in time"],
  };
  const [refusal, text] = malformed[code] ?? ["invalid_input", "expected an HTTP/1.1 request"];
  return serverRefusal(refusal, text);
}
