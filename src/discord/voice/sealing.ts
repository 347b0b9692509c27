import type { DAVESession, Networking } from "@discordjs/voice";
import sodium from "sodium-native";
import { SILENCE_PACKET } from "../../audio/opus-packet.ts";

const XCHACHA_MODE = "aead_xchacha20_poly1305_rtpsize";
const MAX_NONCE = 2 ** 32 - 1;

/** What the library gives to its method that seals a packet. */
interface SendingState {
  readonly encryptionMode: string;
  readonly secretKey: Uint8Array;
  nonce: number;
  readonly nonceBuffer: Buffer;
}

type Seal = (opus: Buffer, sending: SendingState, rtpHeader: Buffer, dave: DAVESession | undefined) => Buffer[];

/**
 * Seals what the bot says, in the library's place. Its XChaCha20 throws with the current sodium-native. And it seals in a
 * timer, where a throw of davey's encryptor would end the process: such a frame becomes silence.
 *
 * @param onFailure gets what davey threw
 */
export function sealWithOurs(networking: Networking, onFailure: (error: unknown) => void): void {
  const original: Seal = Reflect.get(networking, "encryptOpusPacket");
  const encrypt = (opus: Buffer, dave: DAVESession | undefined): Buffer => {
    try {
      return dave?.encrypt(opus) ?? opus;
    } catch (error) {
      onFailure(error);
      return SILENCE_PACKET;
    }
  };
  const seal: Seal = (opus, sending, rtpHeader, dave) => {
    const payload = encrypt(opus, dave);
    if (sending.encryptionMode !== XCHACHA_MODE)
      return original.call(networking, payload, sending, rtpHeader, undefined);
    sending.nonce = sending.nonce >= MAX_NONCE ? 0 : sending.nonce + 1;
    sending.nonceBuffer.writeUInt32BE(sending.nonce, 0);
    return [
      sealXChaCha(payload, rtpHeader, sending.nonceBuffer, sending.secretKey),
      sending.nonceBuffer.subarray(0, 4),
    ];
  };
  Reflect.set(networking, "encryptOpusPacket", seal);
}

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
