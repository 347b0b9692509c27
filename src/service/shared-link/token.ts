import { createHmac, hkdfSync, timingSafeEqual } from "node:crypto";

/**
 * The secret part of a link's address: its id, and an HMAC-SHA256 of it, in Base64url. The key is derived from a sealing
 * key, so a new service with the same sealing keys knows its links again, and nobody who reads the database can make one.
 */

export const LINK_ID_BYTES = 16;
const MAC_BYTES = 32;
/** 48 bytes are 64 characters without padding, so each token has exactly one spelling. */
const TOKEN = /^[A-Za-z0-9_-]{64}$/;
const NO_ID = Buffer.alloc(LINK_ID_BYTES);

/** RFC 5869. @param sealingKeys newest first; so is the result */
export function linkKeys(sealingKeys: readonly Buffer[]): Buffer[] {
  return sealingKeys.map((key) => Buffer.from(hkdfSync("sha256", key, "", "meetbot shared link v1", MAC_BYTES)));
}

/** @param id 16 bytes in Base64url */
export function formatToken(id: string, key: Buffer): string {
  const bytes = Buffer.from(id, "base64url");
  if (bytes.length !== LINK_ID_BYTES) throw new RangeError(`the id of a link has ${LINK_ID_BYTES} bytes`);
  return Buffer.concat([bytes, macOf(bytes, key)]).toString("base64url");
}

/**
 * The link's id. The same work is done for any text, so the time says nothing about how much of a token is right.
 *
 * @param keys a token of any of them is valid
 * @returns undefined if the token was not made with these keys
 */
export function linkIdOf(token: string, keys: readonly Buffer[]): string | undefined {
  const isForm = TOKEN.test(token);
  const bytes = isForm ? Buffer.from(token, "base64url") : Buffer.alloc(LINK_ID_BYTES + MAC_BYTES);
  const id = isForm ? bytes.subarray(0, LINK_ID_BYTES) : NO_ID;
  const mac = bytes.subarray(LINK_ID_BYTES);
  let isRight = false;
  for (const key of keys) isRight = timingSafeEqual(macOf(id, key), mac) || isRight;
  return isForm && isRight ? id.toString("base64url") : undefined;
}

/** A text, such as a path in a log, without tokens of links. A client may write any of their characters as `%` and its code. */
export function withoutTokens(text: string): string {
  return text.replaceAll(/\/(?:s|%73)\/[A-Za-z0-9_%-]{16,}/g, "/s/…");
}

function macOf(id: Buffer, key: Buffer): Buffer {
  return createHmac("sha256", key).update(id).digest();
}
