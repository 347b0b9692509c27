import type { DropFate } from "../../../src/audio/fates.ts";
import type { DaveState } from "../../../src/discord/dave/open-frame.ts";
import { Receiver } from "../../../src/discord/receive/receiver.ts";
import { createTransportDecryptor } from "../../../src/discord/receive/transport-decrypt.ts";
import type { VoiceFrame } from "../../../src/recording/ports/voice.ts";
import { TRANSPORT_KEY } from "../../support/sealed-voice.ts";

export const ALICE = "200000000000000001";
export const BOB = "200000000000000002";

/** A receiver, and lists of what it passes on. */
export function receiverWith(
  dave: DaveState | undefined,
  candidates: readonly string[] = [ALICE, BOB],
  takesClear = false,
) {
  const frames: VoiceFrame[] = [];
  const drops: [DropFate, string | undefined][] = [];
  const heardOf: string[] = [];
  const unheardOf: (string | undefined)[] = [];
  const unheardAtMs: number[] = [];
  const receiver = new Receiver({
    connection: 1,
    transport: createTransportDecryptor("aead_aes256_gcm_rtpsize", TRANSPORT_KEY, undefined),
    dave: () => dave,
    candidates: () => candidates,
    onFrame: (frame) => frames.push(frame),
    takesClear: () => takesClear,
    onHeard: (userId) => heardOf.push(userId),
    onUnheard: (userId, arrivalMs) => {
      unheardOf.push(userId);
      unheardAtMs.push(arrivalMs);
    },
    onDrop: (fate, userId) => drops.push([fate, userId]),
  });
  const heard = () => frames.map(({ userId, sequence, opus }) => [userId, sequence, opus.toString("hex")]);
  return { receiver, frames, drops, heard, heardOf, unheardOf, unheardAtMs };
}
