import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  botIdOf,
  formatKey,
  formatWebhookSecret,
  hashOfKey,
  KEY_BYTES,
  modeOfKey,
  shownPrefix,
} from "../../../src/service/domain/key-format.ts";
import { crockford32 } from "../../../src/text/base32.ts";

describe("an API key", () => {
  it.each(["live", "test"] as const)("of mode %s names its mode and shows little of itself", (mode) => {
    const key = formatKey(mode, randomBytes(KEY_BYTES));
    expect(key).toMatch(new RegExp(`^mb_${mode}_[0-9a-z]{40}$`));
    expect(modeOfKey(key)).toBe(mode);
    expect(shownPrefix(key)).toBe(`${key.slice(0, 14)}…`);
    expect(hashOfKey(key)).toMatch(/^[0-9a-f]{64}$/);
  });

  it("does not match any other text", () => {
    for (const text of [
      "",
      "mb_live_",
      "mb_prod_".padEnd(48, "0"),
      `${formatKey("live", new Uint8Array(25))}0`,
      "mb_live_".padEnd(48, "u"),
    ]) {
      expect(modeOfKey(text)).toBeUndefined();
    }
  });

  it("keeps every bit of its randomness", () => {
    const bytes = fc.uint8Array({ minLength: KEY_BYTES, maxLength: KEY_BYTES });
    fc.assert(
      fc.property(bytes, bytes, (one, other) => {
        const equal = Buffer.compare(one, other) === 0;
        expect(crockford32(one, 40) === crockford32(other, 40)).toBe(equal);
      }),
    );
  });
});

describe("a webhook secret", () => {
  it("is whsec_ and 32 bytes in Base64, as libraries for Standard Webhooks read it", () => {
    expect(formatWebhookSecret(new Uint8Array(32))).toBe(`whsec_${"A".repeat(43)}=`);
  });
});

describe("a bot token", () => {
  it("names its bot in its first part", () => {
    const first = Buffer.from("287541432954880001").toString("base64url");
    expect(botIdOf(`${first}.abcdef.xyz`)).toBe("287541432954880001");
    expect(botIdOf("notbase64.abcdef.xyz")).toBeUndefined();
  });
});
