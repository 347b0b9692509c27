import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { buildRtpHeader } from "../../../src/audio/rtp.ts";
import { createAead, ENCRYPTION_MODES, TransportCipher } from "../../../src/loopback/voice/transport-crypto.ts";

const hex = (text: string) => Buffer.from(text.replace(/\s/g, ""), "hex");

describe("the AEADs match the published test vectors", () => {
  it("AES-256-GCM: test case 16 of McGrew and Viega, 'The Galois/Counter Mode of Operation'", () => {
    const aead = createAead(
      "aead_aes256_gcm_rtpsize",
      hex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308"),
    );
    const sealed = aead.seal(
      hex("cafebabefacedbaddecaf888"),
      hex("feedfacedeadbeeffeedfacedeadbeefabaddad2"),
      hex(`d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72
           1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39`),
    );
    expect(sealed.toString("hex")).toBe(
      hex(`522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa
           8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662
           76fc6ece0f4e1768cddf8853bb2d551b`).toString("hex"),
    );
  });

  it("XChaCha20-Poly1305: draft-irtf-cfrg-xchacha-03, appendix A.3.1", () => {
    const aead = createAead(
      "aead_xchacha20_poly1305_rtpsize",
      hex("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f"),
    );
    const sealed = aead.seal(
      hex("404142434445464748494a4b4c4d4e4f5051525354555657"),
      hex("50515253c0c1c2c3c4c5c6c7"),
      Buffer.from(
        "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.",
      ),
    );
    expect(sealed.toString("hex")).toBe(
      hex(`bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb
           731c7f1b0b4aa6440bf3a82f4eda7e39ae64c6708c54c216cb96b72e1213b452
           2f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff9
           21f9664c97637da9768812f615c68b13b52e
           c0875924c1c7987947deafd8780acf49`).toString("hex"),
    );
  });
});

describe.each(ENCRYPTION_MODES)("a datagram sealed with %s", (mode) => {
  const header = buildRtpHeader({ payloadType: 120, sequence: 1, rtpTimestamp: 960, ssrc: 42 });
  const cipher = new TransportCipher(mode);
  const opus = randomBytes(80);

  it("is header, ciphertext, 16 bytes of tag and the 4 bytes of a rising counter", () => {
    const first = cipher.seal(header, opus);
    const second = cipher.seal(header, opus);
    expect(first.length).toBe(12 + 80 + 16 + 4);
    expect(first.subarray(0, 12)).toEqual(header);
    expect(second.readUInt32BE(108)).toBe(first.readUInt32BE(108) + 1);
    expect(second.subarray(12, 92)).not.toEqual(first.subarray(12, 92));
  });

  it("opens with its key and no other", () => {
    const datagram = cipher.seal(header, opus);
    expect(new TransportCipher(mode, cipher.secretKey).open(datagram, 12)).toEqual(opus);
    expect(new TransportCipher(mode).open(datagram, 12)).toBeUndefined();
  });

  it("does not open if any byte of it has changed", () => {
    const datagram = cipher.seal(header, opus);
    for (let offset = 0; offset < datagram.length; offset += 1) {
      const changed = Buffer.from(datagram);
      changed[offset] = (changed[offset] ?? 0) ^ 1;
      expect(cipher.open(changed, 12)).toBeUndefined();
    }
  });

  it("does not open, and does not throw, if it is too short", () => {
    for (let length = 0; length < 32; length += 1) expect(cipher.open(Buffer.alloc(length), 12)).toBeUndefined();
  });
});
