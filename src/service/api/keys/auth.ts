import type { FastifyInstance, FastifyRequest } from "fastify";
import { bearerToken } from "../../../http/bearer.ts";
import { hashOfKey, modeOfKey } from "../../domain/key-format.ts";
import type { Clock } from "../../ports/clock.ts";
import type { KeyRow, KeyStore } from "../../ports/keys.ts";
import { ServiceError } from "../service-error.ts";
import type { RateLimit } from "./rate-limit.ts";

/** The key of each accepted request. */
const KEYS = new WeakMap<FastifyRequest, KeyRow>();

/** The key of a request. Call it only in scopes that `requireKey` guards. */
export function keyOf(request: FastifyRequest): KeyRow {
  const key = KEYS.get(request);
  if (key === undefined) throw new TypeError("a request without a key was accepted");
  return key;
}

/** Finds the key of a request; undefined if it has none that is valid. */
type KeyFinder = (request: FastifyRequest) => Promise<KeyRow | undefined>;

/** Finds keys that clients send. The store is asked each time, so that a revoked key ends at once. */
export function bearerKeys(store: KeyStore): KeyFinder {
  return async ({ headers }) => {
    const token = bearerToken(headers.authorization);
    const key =
      token === undefined || modeOfKey(token) === undefined ? undefined : await store.keyByHash(hashOfKey(token));
    return key?.revokedAt === null ? key : undefined;
  };
}

/**
 * Accepts requests with a key. A database that does not answer is not a wrong key, so its error is passed on.
 *
 * @param find finds the key of a request
 */
export function requireKey(
  scope: FastifyInstance,
  { find, clock, rates }: { readonly find: KeyFinder; readonly clock: Clock; readonly rates: RateLimit },
): void {
  scope.addHook("onRequest", async (request, reply) => {
    // No cache: a job changes, and only this client may see it.
    reply.header("cache-control", "no-store");
    const key = await find(request);
    if (key === undefined) {
      reply.header("www-authenticate", "Bearer");
      throw new ServiceError("unauthorized", "send a valid API key as Authorization: Bearer KEY");
    }
    const retryAfterSeconds = rates.take(key.id, clock.now());
    if (retryAfterSeconds > 0) {
      throw new ServiceError("rate_limited", "this key sends too many requests", { retryAfterSeconds });
    }
    KEYS.set(request, key);
  });
}
