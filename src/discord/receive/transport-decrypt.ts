import { createDecipheriv, createSecretKey, type KeyObject } from "node:crypto";
import sodium from "sodium-native";
import type { RtpHeader } from "../../audio/rtp.ts";
import type { GcmKey, Openssl } from "./kernel/openssl.ts";

/**
 * Discord's transport encryption of RTP (Voice Connections, "Transport Encryption Modes"): header and extension head
 * are associated data; then ciphertext, a 16-byte tag, and the first 4 bytes of a nonce that is zero otherwise.
 */

const TAG_BYTES = 16;
const NONCE_SUFFIX_BYTES = 4;
const OVERHEAD_BYTES = TAG_BYTES + NONCE_SUFFIX_BYTES;
const KEY_BYTES = 32;
const GCM_NONCE_BYTES = 12;
const XCHACHA_NONCE_BYTES = 24;

/** Opens datagrams of one voice connection. */
export interface TransportDecryptor {
  /** The decrypted payload, including extension body and padding; undefined if the tag does not match. */
  open(datagram: Buffer, header: RtpHeader): Buffer | undefined;
  /** Nothing can be opened afterwards. */
  close(): void;
}

/**
 * @param secretKey 32 bytes, from the voice gateway's session description
 * @param openssl called directly for AES-GCM; undefined means through Node
 * @throws RangeError for another mode or key length
 */
export function createTransportDecryptor(
  mode: string,
  secretKey: Uint8Array,
  openssl: Openssl | undefined,
): TransportDecryptor {
  if (secretKey.length !== KEY_BYTES) throw new RangeError(`a transport key has 32 bytes, not ${secretKey.length}`);
  switch (mode) {
    case "aead_aes256_gcm_rtpsize":
      return openssl === undefined
        ? new GcmDecryptor(createSecretKey(secretKey))
        : new DirectGcmDecryptor(openssl.gcm(secretKey));
    case "aead_xchacha20_poly1305_rtpsize":
      return new XChaChaDecryptor(Buffer.from(secretKey));
    default:
      throw new RangeError(`transport encryption mode ${mode} is not known`);
  }
}

class GcmDecryptor implements TransportDecryptor {
  /** A KeyObject, because raw key bytes cost 12 µs more for each packet. */
  readonly #key: KeyObject;
  readonly #nonce = Buffer.alloc(GCM_NONCE_BYTES);

  constructor(key: KeyObject) {
    this.#key = key;
  }

  open(datagram: Buffer, header: RtpHeader): Buffer | undefined {
    const nonceOffset = datagram.length - NONCE_SUFFIX_BYTES;
    const tagOffset = datagram.length - OVERHEAD_BYTES;
    if (tagOffset < header.clearBytes) return undefined;
    datagram.copy(this.#nonce, 0, nonceOffset);
    const decipher = createDecipheriv("aes-256-gcm", this.#key, this.#nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(datagram.subarray(0, header.clearBytes));
    decipher.setAuthTag(datagram.subarray(tagOffset, nonceOffset));
    const plaintext = decipher.update(datagram.subarray(header.clearBytes, tagOffset));
    try {
      decipher.final();
    } catch {
      // OpenSSL has one error here: the tag does not match. The caller counts it.
      return undefined;
    }
    return plaintext;
  }

  close(): void {
    // Node frees its key with this object.
  }
}

/** The same with OpenSSL directly. */
class DirectGcmDecryptor implements TransportDecryptor {
  readonly #key: GcmKey;
  readonly #nonce = Buffer.alloc(GCM_NONCE_BYTES);
  readonly #tag = Buffer.alloc(TAG_BYTES);

  constructor(key: GcmKey) {
    this.#key = key;
  }

  open(datagram: Buffer, header: RtpHeader): Buffer | undefined {
    const { clearBytes } = header;
    const nonceOffset = datagram.length - NONCE_SUFFIX_BYTES;
    const tagOffset = datagram.length - OVERHEAD_BYTES;
    if (tagOffset < clearBytes) return undefined;
    datagram.copy(this.#nonce, 0, nonceOffset);
    datagram.copy(this.#tag, 0, tagOffset, nonceOffset);
    const plaintext = Buffer.allocUnsafe(tagOffset - clearBytes);
    const sealed = datagram.subarray(clearBytes, tagOffset);
    return this.#key.open(this.#nonce, this.#tag, datagram, clearBytes, sealed, plaintext) ? plaintext : undefined;
  }

  close(): void {
    this.#key.close();
  }
}

class XChaChaDecryptor implements TransportDecryptor {
  readonly #key: Buffer;
  readonly #nonce = Buffer.alloc(XCHACHA_NONCE_BYTES);

  constructor(key: Buffer) {
    this.#key = key;
  }

  open(datagram: Buffer, header: RtpHeader): Buffer | undefined {
    const nonceOffset = datagram.length - NONCE_SUFFIX_BYTES;
    const plaintextBytes = datagram.length - OVERHEAD_BYTES - header.clearBytes;
    if (plaintextBytes < 0) return undefined;
    datagram.copy(this.#nonce, 0, nonceOffset);
    const plaintext = Buffer.allocUnsafe(plaintextBytes);
    try {
      sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(
        plaintext,
        null,
        datagram.subarray(header.clearBytes, nonceOffset),
        datagram.subarray(0, header.clearBytes),
        this.#nonce,
        this.#key,
      );
    } catch {
      // sodium-native throws "could not verify data". The caller counts it.
      return undefined;
    }
    return plaintext;
  }

  close(): void {
    this.#key.fill(0);
  }
}
