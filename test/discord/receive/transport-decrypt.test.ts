import { createCipheriv, randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { parseRtpHeader } from "../../../src/audio/rtp.ts";
import { loadKoffi } from "../../../src/discord/receive/kernel/koffi.ts";
import { loadOpenssl, type Openssl } from "../../../src/discord/receive/kernel/openssl.ts";
import { createTransportDecryptor } from "../../../src/discord/receive/transport-decrypt.ts";
import { sealXChaCha } from "../../../src/discord/voice/sealing.ts";

const KEY = randomBytes(32);
const PLAINTEXT = Buffer.from("extension body and opus");
/** RTP with one CSRC and the head of an extension, all of which is authenticated and none of it encrypted. */
const HEADER = Buffer.from("9178000100000002000000030000000abede0002", "hex");

function sealGcm(plaintext: Buffer, suffix: Buffer): Buffer {
  const cipher = createCipheriv("aes-256-gcm", KEY, Buffer.concat([suffix, Buffer.alloc(8)]));
  cipher.setAAD(HEADER);
  return Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
}

const SEALS = {
  aead_aes256_gcm_rtpsize: sealGcm,
  aead_xchacha20_poly1305_rtpsize: (plaintext: Buffer, suffix: Buffer) =>
    sealXChaCha(plaintext, HEADER, Buffer.concat([suffix, Buffer.alloc(20)]), KEY),
};

const openssl = process.platform === "linux" ? loadOpenssl(loadKoffi(true)) : undefined;

const WAYS: readonly { mode: keyof typeof SEALS; by: Openssl | undefined; name: string }[] = [
  { mode: "aead_aes256_gcm_rtpsize", by: undefined, name: "through Node" },
  ...(openssl === undefined
    ? []
    : [{ mode: "aead_aes256_gcm_rtpsize" as const, by: openssl, name: "by OpenSSL itself" }]),
  { mode: "aead_xchacha20_poly1305_rtpsize", by: undefined, name: "by sodium" },
];

describe.each(WAYS)("$mode, $name", ({ mode, by }) => {
  const seal = SEALS[mode];
  const made = (plaintext: Buffer) => {
    const suffix = randomBytes(4);
    return Buffer.concat([HEADER, seal(plaintext, suffix), suffix]);
  };
  const open = (datagram: Buffer, key: Buffer = KEY) => {
    const header = parseRtpHeader(datagram);
    return header === undefined ? "no RTP" : createTransportDecryptor(mode, key, by).open(datagram, header);
  };

  it("opens a datagram that ends with its nonce", () => {
    expect(open(made(PLAINTEXT))).toEqual(PLAINTEXT);
    expect(open(made(Buffer.alloc(0)))).toEqual(Buffer.alloc(0));
  });

  it("opens one datagram after another, whichever came between", () => {
    const decryptor = createTransportDecryptor(mode, KEY, by);
    for (const datagram of [made(PLAINTEXT), Buffer.concat([HEADER, randomBytes(40)]), made(Buffer.from("next"))]) {
      const header = parseRtpHeader(datagram);
      if (header !== undefined) decryptor.open(datagram, header);
    }
    const last = made(PLAINTEXT);
    const header = parseRtpHeader(last);
    expect(header && decryptor.open(last, header)).toEqual(PLAINTEXT);
  });

  it("opens nothing with a flipped bit, wherever it is", () => {
    const good = made(PLAINTEXT);
    for (let at = 0; at < good.length; at += 1) {
      const changed = Buffer.from(good);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(open(changed) ?? "refused").toMatch(/^(refused|no RTP)$/);
    }
  });

  it("opens nothing after it is closed", () => {
    const decryptor = createTransportDecryptor(mode, KEY, by);
    const datagram = made(PLAINTEXT);
    const header = parseRtpHeader(datagram);
    if (header === undefined) throw new Error("no RTP");
    expect(decryptor.open(datagram, header)).toEqual(PLAINTEXT);
    decryptor.close();
    decryptor.close();
    if (by !== undefined) expect(decryptor.open(datagram, header)).toBeUndefined();
  });

  it("opens nothing with another key, and nothing truncated", () => {
    expect(open(made(PLAINTEXT), randomBytes(32))).toBeUndefined();
    const good = made(PLAINTEXT);
    for (let length = HEADER.length; length < good.length; length += 1)
      expect(open(good.subarray(0, length))).toBeUndefined();
    const bare = Buffer.concat([Buffer.from("807800010000000200000003", "hex"), Buffer.alloc(20)]);
    for (let length = 12; length <= bare.length; length += 1) expect(open(bare.subarray(0, length))).toBeUndefined();
  });
});

it("A key of another length or an unknown mode is refused by name.", () => {
  expect(() => createTransportDecryptor("aead_aes256_gcm_rtpsize", randomBytes(31), undefined)).toThrow(
    new RangeError("a transport key has 32 bytes, not 31"),
  );
  expect(() => createTransportDecryptor("xsalsa20_poly1305", KEY, undefined)).toThrow(
    new RangeError("transport encryption mode xsalsa20_poly1305 is not known"),
  );
});
