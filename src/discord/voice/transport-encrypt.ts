import sodium from "sodium-native";

/**
 * Seals what we send with XChaCha20-Poly1305, as in Discord's mode `aead_xchacha20_poly1305_rtpsize`.
 *
 * @param nonce 24 bytes
 * @param key 32 bytes
 * @returns ciphertext and a 16-byte tag
 */
export function sealXChaCha(plaintext: Buffer, associatedData: Buffer, nonce: Buffer, key: Uint8Array): Buffer {
  const sealed = Buffer.alloc(plaintext.length + sodium.crypto_aead_xchacha20poly1305_ietf_ABYTES);
  sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(sealed, plaintext, associatedData, null, nonce, Buffer.from(key));
  return sealed;
}
