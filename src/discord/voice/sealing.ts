import sodium from "sodium-native";
import { SILENCE_PACKET } from "../../audio/opus-packet.ts";

const XCHACHA_MODE = "aead_xchacha20_poly1305_rtpsize";
const MAX_NONCE = 2 ** 32 - 1;

/** The state of a voice connection's sender between packets. */
interface SendingState {
  readonly encryptionMode: string;
  readonly secretKey: Uint8Array;
  nonce: number;
  readonly nonceBuffer: Buffer;
}

/** The sender's end-to-end encryption. */
interface FrameEncryptor {
  encrypt(opus: Buffer): Buffer;
}

/** Encrypts a packet end to end and for its transport. Returns the parts that follow the RTP header. */
export type Seal = (
  opus: Buffer,
  sending: SendingState,
  rtpHeader: Buffer,
  dave: FrameEncryptor | undefined,
) => Buffer[];

/**
 * Seals the bot's audio instead of @discordjs/voice. Its XChaCha20 throws with the current sodium-native. It also seals
 * in a timer, so an error that davey's encryptor throws would end the process. Here such a frame becomes silence.
 *
 * @param theirs seals for any other transport mode
 * @param onFailure gets davey's error
 */
export function ourSeal(theirs: Seal, onFailure: (error: unknown) => void): Seal {
  const encrypt = (opus: Buffer, dave: FrameEncryptor | undefined): Buffer => {
    try {
      return dave?.encrypt(opus) ?? opus;
    } catch (error) {
      onFailure(error);
      return SILENCE_PACKET;
    }
  };
  return (opus, sending, rtpHeader, dave) => {
    const payload = encrypt(opus, dave);
    if (sending.encryptionMode !== XCHACHA_MODE) return theirs(payload, sending, rtpHeader, undefined);
    sending.nonce = sending.nonce >= MAX_NONCE ? 0 : sending.nonce + 1;
    sending.nonceBuffer.writeUInt32BE(sending.nonce, 0);
    return [
      sealXChaCha(payload, rtpHeader, sending.nonceBuffer, sending.secretKey),
      sending.nonceBuffer.subarray(0, 4),
    ];
  };
}

/**
 * Seals outgoing packets with XChaCha20-Poly1305, as in Discord's mode `aead_xchacha20_poly1305_rtpsize`.
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
