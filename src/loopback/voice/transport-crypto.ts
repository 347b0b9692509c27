/**
 * Discord's transport encryption, `aead_*_rtpsize`: the unencrypted RTP header is the associated data; the datagram is
 * `clear header ‖ ciphertext ‖ 16-byte tag ‖ 4-byte counter`, and the counter, padded with zeros, is the nonce.
 * https://discord.com/developers/docs/topics/voice-connections#transport-encryption-modes
 */

import { createCipheriv, createDecipheriv, createSecretKey, randomBytes } from "node:crypto";
import sodium from "sodium-native";

export const ENCRYPTION_MODES = ["aead_aes256_gcm_rtpsize", "aead_xchacha20_poly1305_rtpsize"] as const;
export type EncryptionMode = (typeof ENCRYPTION_MODES)[number];

export const SECRET_KEY_BYTES = 32;
const TAG_BYTES = 16;
/** The part of the nonce that travels with the packet. */
const COUNTER_BYTES = 4;
const GCM_NONCE_BYTES = 12;

/** An AEAD whose sealed form is ciphertext followed by a 16-byte tag. */
export interface Aead {
  readonly nonceBytes: number;
  seal(nonce: Buffer, associatedData: Buffer, plaintext: Buffer): Buffer;
  /** @returns undefined if the tag does not match. Never throws. */
  open(nonce: Buffer, associatedData: Buffer, sealed: Buffer): Buffer | undefined;
}

export function createAead(mode: EncryptionMode, secretKey: Buffer): Aead {
  switch (mode) {
    case "aead_aes256_gcm_rtpsize":
      return aes256Gcm(secretKey);
    case "aead_xchacha20_poly1305_rtpsize":
      return xchacha20Poly1305(secretKey);
  }
}

function aes256Gcm(secretKey: Buffer): Aead {
  // A KeyObject, because raw bytes would be imported again for every packet.
  const key = createSecretKey(secretKey);
  return {
    nonceBytes: GCM_NONCE_BYTES,
    seal(nonce, associatedData, plaintext) {
      const cipher = createCipheriv("aes-256-gcm", key, nonce);
      cipher.setAAD(associatedData);
      return Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
    },
    open(nonce, associatedData, sealed) {
      if (sealed.length < TAG_BYTES) return undefined;
      const decipher = createDecipheriv("aes-256-gcm", key, nonce);
      decipher.setAAD(associatedData);
      decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
      const plaintext = decipher.update(sealed.subarray(0, -TAG_BYTES));
      try {
        decipher.final();
      } catch {
        return undefined; // the tag does not match: forged, corrupt, or another key
      }
      return plaintext;
    },
  };
}

function xchacha20Poly1305(secretKey: Buffer): Aead {
  return {
    nonceBytes: sodium.crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
    seal(nonce, associatedData, plaintext) {
      const sealed = Buffer.alloc(plaintext.length + TAG_BYTES);
      sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(sealed, plaintext, associatedData, null, nonce, secretKey);
      return sealed;
    },
    open(nonce, associatedData, sealed) {
      if (sealed.length < TAG_BYTES) return undefined;
      const plaintext = Buffer.alloc(sealed.length - TAG_BYTES);
      try {
        sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(plaintext, null, sealed, associatedData, nonce, secretKey);
      } catch {
        return undefined; // as above
      }
      return plaintext;
    },
  };
}

/** One client's transport encryption: its key, and the counter of sent packets. */
export class TransportCipher {
  readonly mode: EncryptionMode;
  readonly secretKey: Buffer;
  readonly #aead: Aead;
  #counter = 0;

  constructor(mode: EncryptionMode, secretKey: Buffer = randomBytes(SECRET_KEY_BYTES)) {
    this.mode = mode;
    this.secretKey = secretKey;
    this.#aead = createAead(mode, secretKey);
  }

  /** @param clearHeader the unencrypted part of the packet, which is authenticated. */
  seal(clearHeader: Buffer, plaintext: Buffer): Buffer {
    this.#counter = (this.#counter + 1) >>> 0;
    const counter = Buffer.alloc(COUNTER_BYTES);
    counter.writeUInt32BE(this.#counter);
    return Buffer.concat([clearHeader, this.#aead.seal(this.#nonceOf(counter), clearHeader, plaintext), counter]);
  }

  /** @returns undefined for a datagram that this key did not seal. Never throws. */
  open(datagram: Buffer, clearBytes: number): Buffer | undefined {
    const counterOffset = datagram.length - COUNTER_BYTES;
    if (counterOffset < clearBytes + TAG_BYTES) return undefined;
    const nonce = this.#nonceOf(datagram.subarray(counterOffset));
    return this.#aead.open(nonce, datagram.subarray(0, clearBytes), datagram.subarray(clearBytes, counterOffset));
  }

  #nonceOf(counter: Buffer): Buffer {
    const nonce = Buffer.alloc(this.#aead.nonceBytes);
    counter.copy(nonce);
    return nonce;
  }
}
