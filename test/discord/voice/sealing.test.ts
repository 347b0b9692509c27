import sodium from "sodium-native";
import { expect, it } from "vitest";
import { SILENCE_PACKET } from "../../../src/audio/opus-packet.ts";
import { ourSeal } from "../../../src/discord/voice/sealing.ts";

const KEY = Buffer.alloc(32, 7);
const HEADER = Buffer.from("80780001000003c000000001", "hex");
const OPUS = Buffer.from("f80102", "hex");

const sendingWith = (encryptionMode: string, nonce: number) => ({
  encryptionMode,
  secretKey: KEY,
  nonce,
  nonceBuffer: Buffer.alloc(24),
});

const neverCalled = (): never => {
  throw new Error("must not be called");
};

function opened([sealed, suffix]: readonly Buffer[]): Buffer {
  if (sealed === undefined || suffix === undefined) throw new Error("expected two parts");
  const plaintext = Buffer.alloc(sealed.length - sodium.crypto_aead_xchacha20poly1305_ietf_ABYTES);
  const nonce = Buffer.concat([suffix, Buffer.alloc(20)]);
  sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(plaintext, null, sealed, HEADER, nonce, KEY);
  return plaintext;
}

it("seals with XChaCha20, and never reuses a nonce", () => {
  const seal = ourSeal(neverCalled, neverCalled);
  const sending = sendingWith("aead_xchacha20_poly1305_rtpsize", 41);
  const nonces = [1, 2].map(() => {
    const sealed = seal(OPUS, sending, HEADER, undefined);
    expect(opened(sealed)).toEqual(OPUS);
    return sealed[1]?.toString("hex");
  });
  expect(nonces).toEqual(["0000002a", "0000002b"]);
  expect(sending.nonce).toBe(43);
});

it("starts over after the last nonce", () => {
  const sending = sendingWith("aead_xchacha20_poly1305_rtpsize", 2 ** 32 - 1);
  ourSeal(neverCalled, neverCalled)(OPUS, sending, HEADER, undefined);
  expect(sending.nonce).toBe(0);
});

it("passes another mode to the library, already encrypted end to end", () => {
  const given: unknown[] = [];
  const theirs = (...args: unknown[]): Buffer[] => {
    given.push(args);
    return [];
  };
  const sending = sendingWith("aead_aes256_gcm_rtpsize", 0);
  ourSeal(theirs, neverCalled)(OPUS, sending, HEADER, { encrypt: (opus) => Buffer.concat([opus, OPUS]) });
  expect(given).toEqual([[Buffer.concat([OPUS, OPUS]), sending, HEADER, undefined]]);
});

it("sends silence if end-to-end encryption fails, and reports it", () => {
  const failure = new Error("no keys");
  const failures: unknown[] = [];
  const seal = ourSeal(neverCalled, (error) => failures.push(error));
  const failing = {
    encrypt: (): never => {
      throw failure;
    },
  };
  const sending = sendingWith("aead_xchacha20_poly1305_rtpsize", 0);
  expect(opened(seal(OPUS, sending, HEADER, failing))).toEqual(SILENCE_PACKET);
  expect(failures).toEqual([failure]);
});
