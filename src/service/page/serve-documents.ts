import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { isUnchanged } from "../api/ranges.ts";
import { ServiceError } from "../api/service-error.ts";

/** These routes are not part of the API: they give documentation to people and language models. */
const hide = true;

/** Pages change only with the version of the service. */
const MAX_AGE_SECONDS = 3_600;

/** Such as `docs/guide/quickstart.md`. No other names are read, so none leaves the folder. */
const PAGE = /^docs\/(?:[a-z]+\/)?[\w-]+\.md$/;

/**
 * Reads a document of the package by its path from the package's folder on: `dist/llms.txt`, or a page.
 *
 * @returns undefined if there is no such document
 */
export type ReadDocument = (path: string) => Promise<Buffer | undefined>;

interface Served {
  readonly text: Buffer;
  /** For clients that take `gzip`. */
  readonly compressed: Buffer;
  readonly etag: string;
}

/** Serves `/llms.txt`, `/llms-full.txt` and the pages that they link to, without a key. */
export function serveDocuments(scope: FastifyInstance, read: ReadDocument): void {
  const known = new Map<string, Served>();
  const servedOf = async (path: string): Promise<Served> => {
    const before = known.get(path);
    if (before !== undefined) return before;
    const text = await read(path);
    if (text === undefined) throw new ServiceError("not_found", "there is no such document; /llms.txt lists all");
    const etag = createHash("sha256").update(text).digest("base64url");
    const served = { text, compressed: gzipSync(text), etag };
    known.set(path, served);
    return served;
  };
  const send = async (request: FastifyRequest, reply: FastifyReply, path: string, type: string) => {
    const { text, compressed, etag } = await servedOf(path);
    reply.headers({
      "cache-control": `public, max-age=${MAX_AGE_SECONDS}`,
      etag: `"${etag}"`,
      vary: "accept-encoding",
      "x-content-type-options": "nosniff",
    });
    if (isUnchanged(request.headers["if-none-match"], etag)) return reply.code(304).send();
    reply.type(`${type}; charset=utf-8`);
    // RFC 9110 §12.5.3; clients that refuse it do not name it.
    const takesGzip = /\bgzip\b/.test(String(request.headers["accept-encoding"] ?? ""));
    return takesGzip ? reply.header("content-encoding", "gzip").send(compressed) : reply.send(text);
  };
  for (const name of ["llms.txt", "llms-full.txt"]) {
    scope.route({
      ...{ method: "GET", url: `/${name}`, schema: { hide } },
      handler: async (request, reply) => await send(request, reply, `dist/${name}`, "text/plain"),
    });
  }
  scope.route<{ Params: { "*": string } }>({
    ...{ method: "GET", url: "/docs/*", schema: { hide } },
    handler: async (request, reply) => {
      const path = `docs/${request.params["*"]}`;
      if (!PAGE.test(path)) throw new ServiceError("not_found", "there is no such document; /llms.txt lists all");
      return await send(request, reply, path, "text/markdown");
    },
  });
}
