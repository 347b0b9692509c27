import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  formatToken,
  LINK_ID_BYTES,
  linkIdOf,
  linkKeys,
  withoutTokens,
} from "../../../src/service/shared-link/token.ts";

const id = fc.uint8Array({ minLength: LINK_ID_BYTES, maxLength: LINK_ID_BYTES }).map((bytes) => base64url(bytes));
const sealingKey = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes));
const keys = fc.uniqueArray(sealingKey, { minLength: 1, maxLength: 3, selector: (key) => key.toString("hex") });
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64url");
}

describe("the token of a link", () => {
  it("is valid with the key that made it, wherever that is among the others", () => {
    fc.assert(
      fc.property(id, keys, fc.nat(), (linkId, sealingKeys, at) => {
        const derived = linkKeys(sealingKeys);
        const token = formatToken(linkId, derived[at % derived.length] ?? Buffer.alloc(0));
        expect(token).toMatch(/^[A-Za-z0-9_-]{64}$/);
        expect(linkIdOf(token, derived)).toBe(linkId);
      }),
    );
  });

  it("is not valid without that key", () => {
    fc.assert(
      fc.property(id, keys, (linkId, sealingKeys) => {
        const [first, ...others] = linkKeys(sealingKeys);
        expect(linkIdOf(formatToken(linkId, first ?? Buffer.alloc(0)), others)).toBeUndefined();
      }),
    );
  });

  it("is not valid if any of its characters is another one (each has one spelling)", () => {
    fc.assert(
      fc.property(id, sealingKey, fc.nat(63), fc.integer({ min: 1, max: 63 }), (linkId, key, at, step) => {
        const derived = linkKeys([key]);
        const token = formatToken(linkId, derived[0] ?? Buffer.alloc(0));
        const other = ALPHABET[(ALPHABET.indexOf(token[at] ?? "") + step) % 64] ?? "";
        expect(linkIdOf(token.slice(0, at) + other + token.slice(at + 1), derived)).toBeUndefined();
      }),
    );
  });

  it("is not any other text, however long", () => {
    const derived = linkKeys([Buffer.alloc(32, 1)]);
    const token = formatToken(base64url(Buffer.alloc(LINK_ID_BYTES)), derived[0] ?? Buffer.alloc(0));
    for (const text of ["", "A", `${token}A`, token.slice(1), ` ${token.slice(1)}`, `${token}=`, "A".repeat(64)]) {
      expect(linkIdOf(text, derived)).toBeUndefined();
    }
    fc.assert(fc.property(fc.string({ maxLength: 200 }), (text) => linkIdOf(text, derived) === undefined));
  });

  it("is left out of logs, whichever of its characters a client wrote as a code", () => {
    const token = formatToken(base64url(Buffer.alloc(LINK_ID_BYTES)), Buffer.alloc(32, 1));
    for (const path of [`/s/${token}`, `/s/%41${token.slice(1)}`, `/%73/${token}`]) {
      expect(withoutTokens(`GET ${path}/recording`)).toBe("GET /s/…/recording");
    }
  });

  it("is made with a key that is not the sealing key itself", () => {
    const key = Buffer.alloc(32, 7);
    expect(linkKeys([key])[0]?.equals(key)).toBe(false);
    expect(linkKeys([key, Buffer.alloc(32, 8)])).toHaveLength(2);
  });
});
