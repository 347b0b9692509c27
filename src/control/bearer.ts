import { createHash, timingSafeEqual } from "node:crypto";

/**
 * Compares what a request's `Authorization` header carries (RFC 6750 §2.1) with the token. Hashes are compared, so that
 * the time tells neither how much of a guess is right nor how long the token is.
 */
export function bearerCheck(token: string): (authorization: string | undefined) => boolean {
  const expected = digest(token);
  return (authorization) => {
    const [, given] = /^Bearer +(\S+) *$/i.exec(authorization ?? "") ?? [];
    return given !== undefined && timingSafeEqual(digest(given), expected);
  };
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
