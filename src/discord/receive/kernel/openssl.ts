import { createCipheriv, randomBytes } from "node:crypto";
import type { Koffi } from "./koffi.ts";

/** AES-256-GCM of the OpenSSL that Node itself uses, called directly. Node's cipher objects take four times as long. */
export interface Openssl {
  /** @param key 32 bytes. Call `close` when it is no longer needed */
  gcm(key: Uint8Array): GcmKey;
}

export interface GcmKey {
  /**
   * @param nonce 12 bytes
   * @param tag 16 bytes
   * @param clear begins with the bytes that are authenticated and not encrypted
   * @param plaintext receives as many bytes as `sealed` has
   * @returns whether the tag matches; otherwise the contents of `plaintext` must not be used
   */
  open(nonce: Buffer, tag: Buffer, clear: Buffer, clearBytes: number, sealed: Buffer, plaintext: Buffer): boolean;
  /** Wipes the key. Nothing can be opened afterwards. */
  close(): void;
}

const EVP_CTRL_AEAD_SET_TAG = 0x11;
const TAG_BYTES = 16;

/** @throws Error if OpenSSL's functions are not found, or cannot open data that Node has sealed */
export function loadOpenssl(koffi: Koffi): Openssl {
  const library = koffi.load(null);
  const pointer = "void *";
  const newContext = library.func(`${pointer}EVP_CIPHER_CTX_new()`);
  const freeContext = library.func("void EVP_CIPHER_CTX_free(void *)");
  const aes256Gcm = library.func(`${pointer}EVP_aes_256_gcm()`);
  const init = library.func("int EVP_DecryptInit_ex(void *, void *, void *, void *, void *)");
  const control = library.func("int EVP_CIPHER_CTX_ctrl(void *, int, int, void *)");
  const update = library.func("int EVP_DecryptUpdate(void *, void *, void *, void *, int)");
  const final = library.func("int EVP_DecryptFinal_ex(void *, void *, void *)");
  /** OpenSSL writes the output length here, which equals the input length. */
  const written = new Int32Array(1);
  const rest = Buffer.alloc(TAG_BYTES);
  const openssl: Openssl = {
    gcm: (key) => {
      let context: unknown = newContext();
      if (init(context, aes256Gcm(), null, key, null) !== 1) throw new Error("OpenSSL refuses a key of AES-256-GCM");
      return {
        open: (nonce, tag, clear, clearBytes, sealed, plaintext) =>
          context !== undefined &&
          init(context, null, null, null, nonce) === 1 &&
          control(context, EVP_CTRL_AEAD_SET_TAG, TAG_BYTES, tag) === 1 &&
          update(context, null, written, clear, clearBytes) === 1 &&
          // An empty input could become a null pointer, which means the end of the data.
          (sealed.length === 0 || update(context, plaintext, written, sealed, sealed.length) === 1) &&
          final(context, rest, written) === 1,
        close: () => {
          if (context !== undefined) freeContext(context);
          context = undefined;
        },
      };
    },
  };
  if (!opensOnlyTheGood(openssl)) throw new Error("OpenSSL does not open what Node has sealed");
  return openssl;
}

/** An OpenSSL version that works differently must not break a recording. */
function opensOnlyTheGood(openssl: Openssl): boolean {
  const [key, nonce, clear, plaintext] = [randomBytes(32), randomBytes(12), randomBytes(16), randomBytes(100)];
  const cipher = createCipheriv("aes-256-gcm", key, nonce);
  cipher.setAAD(clear);
  const sealed = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  const tag = cipher.getAuthTag();
  const opened = Buffer.alloc(sealed.length);
  const gcm = openssl.gcm(key);
  const isOpened = gcm.open(nonce, tag, clear, clear.length, sealed, opened) && opened.equals(plaintext);
  tag.writeUInt8(tag.readUInt8(0) ^ 1, 0);
  const isRefused = !gcm.open(nonce, tag, clear, clear.length, sealed, opened);
  gcm.close();
  return isOpened && isRefused;
}
