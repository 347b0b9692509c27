import type { FastifyInstance } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import type { RateLimit } from "../api/keys/rate-limit.ts";
import { isUnchanged } from "../api/ranges.ts";
import { fields, form } from "../api/schemas/fields.ts";
import { ServiceError } from "../api/service-error.ts";
import { hashOfKey, modeOfKey } from "../domain/key-format.ts";
import type { Clock } from "../ports/clock.ts";
import type { KeyStore } from "../ports/keys.ts";
import { type PageAssets, pageDocument } from "./page-document.ts";
import type { PageSessions } from "./page-sessions.ts";

/** These routes are not part of the API, and may change with the page. */
const hide = true;

const signIn = fields({ key: form(/^\s*\S{1,200}\s*$/, "an API key, such as mb_live_…") });

/** The page itself, signing in and signing out: what needs no session. */
export function servePage(
  scope: FastifyInstance,
  assets: PageAssets,
  {
    store,
    clock,
    rates,
    sessions,
  }: {
    readonly store: KeyStore;
    readonly clock: Clock;
    readonly rates: RateLimit;
    readonly sessions: PageSessions;
  },
): void {
  const typed = scope.withTypeProvider<ZodTypeProvider>();
  const { html, compressed, headers } = pageDocument(assets);

  typed.route({
    ...{ method: "GET", url: "/", schema: { hide } },
    handler: async (request, reply) => {
      reply.headers(headers);
      const etag = headers["etag"]?.replaceAll('"', "") ?? "";
      if (isUnchanged(request.headers["if-none-match"], etag)) return reply.code(304).send();
      // RFC 9110 §12.5.3; no browser refuses it with `q=0`.
      const takesGzip = /\bgzip\b/.test(String(request.headers["accept-encoding"] ?? ""));
      return takesGzip ? reply.header("content-encoding", "gzip").send(compressed) : reply.send(html);
    },
  });

  typed.route({
    ...{ method: "POST", url: "/page/session", schema: { hide, body: signIn } },
    handler: async (request, reply) => {
      if (!sessions.isOwnPage(request)) {
        throw new ServiceError("unauthorized", "only the service's own page can sign in; open it at its own address");
      }
      const text = request.body.key.trim();
      const key = modeOfKey(text) === undefined ? undefined : await store.keyByHash(hashOfKey(text));
      if (key?.revokedAt !== null) {
        throw new ServiceError("unauthorized", "the service does not know this key, or it was revoked");
      }
      const retryAfterSeconds = rates.take(key.id, clock.now());
      if (retryAfterSeconds > 0) {
        throw new ServiceError("rate_limited", "this key sends too many requests", { retryAfterSeconds });
      }
      // Its cookie is about to be replaced.
      await sessions.end(request);
      reply.header("cache-control", "no-store").header("set-cookie", await sessions.begin(key, request));
      return reply.code(204).send();
    },
  });

  typed.route({
    ...{ method: "DELETE", url: "/page/session", schema: { hide } },
    handler: async (request, reply) => {
      if (!sessions.isOwnPage(request)) {
        throw new ServiceError("unauthorized", "only the service's own page can sign out");
      }
      return reply
        .header("set-cookie", await sessions.end(request))
        .code(204)
        .send();
    },
  });
}
