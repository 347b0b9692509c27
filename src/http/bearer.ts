import { createHash, timingSafeEqual } from "node:crypto";

/** The bearer token in a request's `Authorization` header (RFC 6750 §2.1); undefined if there is none. */
export function bearerToken(authorization: string | undefined): string | undefined {
  return /^Bearer +(\S+) *$/i.exec(authorization ?? "")?.[1];
}

/**
 * Compares the bearer token of a request with the expected one. Hashes are compared, so the time reveals neither how
 * much of a guess is right nor the length of the token.
 */
export function bearerCheck(token: string): (authorization: string | undefined) => boolean {
  const expected = digest(token);
  return (authorization) => {
    const given = bearerToken(authorization);
    return given !== undefined && timingSafeEqual(digest(given), expected);
  };
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
