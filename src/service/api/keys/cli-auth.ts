import type { FastifyInstance } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import { crockford32 } from "../../../text/base32.ts";
import { boundedName } from "../../../text/safe-text.ts";
import { hashOfKey } from "../../domain/key-format.ts";
import { sealPurpose } from "../../domain/seal-purpose.ts";
import { makeKey } from "../../make-key.ts";
import type { ApiOptions } from "../api-options.ts";
import { isoTime } from "../jobs/job-answer.ts";
import { HOST_OPERATIONS } from "../operations/host.ts";
import { ServiceError } from "../service-error.ts";
import { keyOf } from "./auth.ts";
import { RateLimit } from "./rate-limit.ts";

/** Long enough to find a browser and a key. */
const LOGIN_MS = 10 * 60_000;
const POLL_SECONDS = 2;
const NONCE_BYTES = 32;
/** 40 bits are enough: only somebody with a key can confirm a code, and only for ten minutes. */
const CODE_BYTES = 5;
const CODE_CHARACTERS = 8;

/** Limits how many logins may begin, because anybody can ask for one, and each is a row. */
const LOGINS_PER_SECOND = 1;
const LOGINS_AT_ONCE = 60;

/** Begins and polls a login, without a key (device flow, modelled on RFC 8628). */
export function serveLogins(scope: FastifyInstance, { store, clock, random, publicUrl, sealer }: ApiOptions): void {
  const typed = scope.withTypeProvider<ZodTypeProvider>();
  const rates = new RateLimit(LOGINS_PER_SECOND, LOGINS_AT_ONCE);

  typed.route({
    ...HOST_OPERATIONS.beginLogin,
    handler: async (request, reply) => {
      const now = clock.now();
      const retryAfterSeconds = rates.take("all", now);
      if (retryAfterSeconds > 0) throw new ServiceError("rate_limited", "too many logins begin", { retryAfterSeconds });
      const nonce = Buffer.from(random(NONCE_BYTES)).toString("base64url");
      const code = crockford32(random(CODE_BYTES), CODE_CHARACTERS);
      const userCode = `${code.slice(0, 4)}-${code.slice(4)}`;
      const expiresAt = now + LOGIN_MS;
      const times = { createdAt: now, expiresAt };
      const { "user-agent": agent } = request.headers;
      const client = agent === undefined ? null : boundedName(agent);
      await store.addCliAuth({
        ...{ nonceHash: hashOfKey(nonce), userCode, ...times, client, address: request.ip, keySealed: null },
      });
      return reply.code(201).send({
        ...{ nonce, userCode, verificationUrl: `${publicUrl()}/?login=${userCode}` },
        ...{ expiresAt: isoTime(expiresAt), pollIntervalSeconds: POLL_SECONDS },
      });
    },
  });

  typed.route({
    ...HOST_OPERATIONS.pollLogin,
    handler: async (request, reply) => {
      const row = await store.takeCliAuth(hashOfKey(request.params.nonce), clock.now());
      if (row === undefined) {
        throw new ServiceError("login_expired", "the login was not confirmed in time, or its key was fetched already");
      }
      if (row.keySealed === null) return reply.code(202).send({ status: "pending" as const });
      const apiKey = sealer.open(row.keySealed, sealPurpose.cliAuthKey(row.userCode));
      return reply.code(200).send({ status: "complete" as const, apiKey });
    },
  });
}

/** Confirms a login, with a key. */
export function serveLoginCompletion(scope: FastifyInstance, options: ApiOptions): void {
  const { store, clock, sealer } = options;
  scope.withTypeProvider<ZodTypeProvider>().route({
    ...HOST_OPERATIONS.completeLogin,
    handler: async (request) => {
      const { userCode } = request.body;
      const { consumerId, mode, role, maxConcurrent, storageUri } = keyOf(request);
      const made = makeKey({ consumerId, mode, role, maxConcurrent, storageUri, name: `login ${userCode}` }, options);
      const sealed = sealer.seal(made.key, sealPurpose.cliAuthKey(userCode));
      if (!(await store.completeCliAuth(userCode, sealed, made.row, clock.now()))) {
        throw new ServiceError("not_found", "no login waits with this code; it may have expired");
      }
      return { status: "complete" as const };
    },
  });
}
