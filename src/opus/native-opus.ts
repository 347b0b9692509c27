import { createRequire } from "node:module";
import { SAMPLES_PER_SECOND, SILENCE_PACKET } from "../audio/opus-packet.ts";
import { hasCode, messageOf } from "../errors.ts";
import type { Channels, DecodedRate, PacketDecoder } from "./packet-decoder.ts";

/** An optional peer dependency: npm does not install it by itself. docs/decisions/0002-opus-decoder.md says why. */
const PACKAGE = "@discordjs/opus";
/** 20 ms of `SILENCE_PACKET` in stereo. */
const SILENCE_PCM_BYTES = 3_840;

/** The part of @discordjs/opus that is used. Its class both encodes and decodes. */
interface NativeCodec {
  /** @returns 16-bit PCM in the byte order of the machine; throws if the packet is malformed */
  decode(packet: Buffer): Buffer;
}
type OpenCodec = new (sampleRate: number, channels: number) => NativeCodec;

export type NativeOpus =
  | { readonly kind: "loaded"; readonly version: string; readonly OpusEncoder: OpenCodec }
  | { readonly kind: "absent" }
  | { readonly kind: "broken"; readonly reason: string };

/** How Node finds packages. */
type Requiring = ((name: string) => unknown) & { resolve(name: string): string };

/** Loads @discordjs/opus and decodes a packet with it: a binding that was built for another Node fails here. */
export function loadNativeOpus(requiring: Requiring = createRequire(import.meta.url)): NativeOpus {
  try {
    requiring.resolve(PACKAGE);
  } catch (error) {
    if (hasCode(error, "MODULE_NOT_FOUND")) return { kind: "absent" };
    return { kind: "broken", reason: messageOf(error) };
  }
  try {
    const { version } = requiring(`${PACKAGE}/package.json`) as { version: string };
    const { OpusEncoder } = requiring(PACKAGE) as { OpusEncoder: OpenCodec };
    const { length } = new OpusEncoder(SAMPLES_PER_SECOND, 2).decode(SILENCE_PACKET);
    if (length === SILENCE_PCM_BYTES) return { kind: "loaded", version, OpusEncoder };
    return { kind: "broken", reason: `it decoded 20 ms to ${length} bytes, expected ${SILENCE_PCM_BYTES}` };
  } catch (error) {
    return { kind: "broken", reason: messageOf(error) };
  }
}

export function openNativeDecoder(OpusEncoder: OpenCodec, channels: Channels, rate: DecodedRate): PacketDecoder {
  const codec = new OpusEncoder(rate, channels);
  return {
    decode: (packet) => {
      // For an empty packet libopus would conceal 120 ms.
      if (packet.length === 0) return new Int16Array();
      try {
        const pcm = codec.decode(packet);
        return new Int16Array(pcm.buffer, pcm.byteOffset, pcm.length / Int16Array.BYTES_PER_ELEMENT);
      } catch {
        // Malformed: the decoder in WebAssembly gives nothing for it either.
        return new Int16Array();
      }
    },
    // Garbage collection does it.
    free: () => undefined,
  };
}
