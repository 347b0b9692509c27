import type { FastifyRequest } from "fastify";
import { hashOfKey } from "../domain/key-format.ts";
import type { Clock } from "../ports/clock.ts";
import type { KeyRow } from "../ports/keys.ts";
import type { SessionStore } from "../ports/sessions.ts";
import { isOwnPage } from "./own-page.ts";

const SESSION_SECONDS = 7 * 86_400;
const TOKEN_BYTES = 32;
const TOKEN = /^[\w-]{43}$/;

const NAME = "meetbot_session";
/** Browsers take a cookie of this name only over HTTPS and from this host itself (RFC 6265bis, "Cookie Name Prefixes"). */
const SECURE_NAME = `__Host-${NAME}`;

type Asked = Pick<FastifyRequest, "method" | "headers">;

interface Means {
  readonly store: SessionStore;
  readonly clock: Clock;
  readonly random: (bytes: number) => Uint8Array;
  readonly publicUrl: () => string;
}

/**
 * Sessions of browsers: a random token in a cookie that no script reads, and its hash in the store. The key itself stays
 * out of the browser. A session ends with its key.
 */
export class PageSessions {
  readonly #means: Means;

  constructor(means: Means) {
    this.#means = means;
  }

  isOwnPage(request: Asked): boolean {
    return isOwnPage(request, this.#means.publicUrl());
  }

  /** @returns the value of `Set-Cookie` */
  async begin(key: KeyRow, request: Asked): Promise<string> {
    const { store, clock, random } = this.#means;
    const token = Buffer.from(random(TOKEN_BYTES)).toString("base64url");
    const createdAt = clock.now();
    const expiresAt = createdAt + SESSION_SECONDS * 1_000;
    await store.addSession({ hash: hashOfKey(token), keyId: key.id, createdAt, expiresAt });
    return this.#cookie(token, SESSION_SECONDS, request);
  }

  /** The key of the request's session. The store is asked each time, so that a revoked key ends at once. */
  async keyOf(request: Asked): Promise<KeyRow | undefined> {
    const token = this.#tokenOf(request);
    if (token === undefined || !this.isOwnPage(request)) return undefined;
    return await this.#means.store.keyOfSession(hashOfKey(token), this.#means.clock.now());
  }

  /** @returns the value of `Set-Cookie` that removes the cookie */
  async end(request: Asked): Promise<string> {
    const token = this.#tokenOf(request);
    if (token !== undefined) await this.#means.store.removeSession(hashOfKey(token));
    return this.#cookie("", 0, request);
  }

  #cookie(value: string, maxAgeSeconds: number, { headers }: Asked): string {
    const isSecure = this.#isPublicOverHttps || headers.origin?.startsWith("https:") === true;
    const name = isSecure ? SECURE_NAME : NAME;
    const secure = isSecure ? "; Secure" : "";
    return `${name}=${value}; Path=/; Max-Age=${maxAgeSeconds}; HttpOnly; SameSite=Strict${secure}`;
  }

  #tokenOf({ headers }: Asked): string | undefined {
    const cookies = new Map(
      (headers.cookie ?? "").split(";").map((pair) => {
        const at = pair.indexOf("=");
        return [pair.slice(0, at).trim(), pair.slice(at + 1).trim()];
      }),
    );
    // Another host of the same domain can set the short name.
    const token = cookies.get(SECURE_NAME) ?? (this.#isPublicOverHttps ? undefined : cookies.get(NAME));
    return token !== undefined && TOKEN.test(token) ? token : undefined;
  }

  get #isPublicOverHttps(): boolean {
    return this.#means.publicUrl().startsWith("https:");
  }
}
