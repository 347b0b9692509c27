import { createCipheriv, createDecipheriv, createHash, randomBytes } from "node:crypto";
import { InputError } from "../../errors.ts";
import type { Sealer } from "../ports/store.ts";

/**
 * Sealed texts: `v1.KEY_ID.DATA`, where DATA is nonce, ciphertext and tag of AES-256-GCM in Base64url. The purpose is
 * authenticated with the text, so a secret that is copied to another row cannot be opened there.
 */

export const SEALING_KEY_BYTES = 32;
/** NIST SP 800-38D §8.2.2: with random nonces of 96 bits, a key is safe for 2^32 texts. */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const CIPHER = "aes-256-gcm";
const KEY_ID_DIGITS = 8;

/** Seals with the first key and opens with any. To rotate, put a new key in front and keep the old ones for old texts. */
export function createSealer(keys: readonly Buffer[]): Sealer {
  const [newest] = keys;
  if (newest === undefined || keys.some((key) => key.length !== SEALING_KEY_BYTES)) {
    throw new InputError(`sealing keys: expected at least one key of ${SEALING_KEY_BYTES} bytes in Base64`);
  }
  const byId = new Map(keys.map((key) => [keyIdOf(key), key]));
  return {
    seal(text, purpose) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv(CIPHER, newest, nonce).setAAD(Buffer.from(purpose, "utf8"));
      const data = Buffer.concat([nonce, cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()]);
      return `v1.${keyIdOf(newest)}.${data.toString("base64url")}`;
    },
    open(sealed, purpose) {
      const [version, id = "", text = ""] = sealed.split(".");
      const key = byId.get(id);
      if (version !== "v1") throw new Error("the sealed text has an unknown version");
      if (key === undefined) throw new Error(`the sealing key ${id} is missing; add it again after the newer keys`);
      const data = Buffer.from(text, "base64url");
      const decipher = createDecipheriv(CIPHER, key, data.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
      decipher.setAAD(Buffer.from(purpose, "utf8")).setAuthTag(data.subarray(-TAG_BYTES));
      const opened = [decipher.update(data.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()];
      return Buffer.concat(opened).toString("utf8");
    },
  };
}

/** An id for a key that reveals nothing of it. */
function keyIdOf(key: Buffer): string {
  return createHash("sha256").update(key).digest("hex").slice(0, KEY_ID_DIGITS);
}
