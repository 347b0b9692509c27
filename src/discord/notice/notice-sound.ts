import { checkOggOpus } from "../../audio/ogg/ogg-check.ts";
import { SAMPLES_PER_SECOND } from "../../audio/opus-packet.ts";
import { InputError, messageOf } from "../../errors.ts";
import { readBounded } from "../../files.ts";
import { PACKAGE_ROOT } from "../../package/root.ts";
import type { SpokenNotice } from "../../recording/ports/voice.ts";

/** One packet is sent every 20 ms, whatever its duration. */
const PACKET_MS = 20;
const MAX_SECONDS = 30;
/** 30 s at 510 kbit/s, the maximum of Opus, in an Ogg container. */
const MAX_BYTES = 2 << 20;
/** The notice that ships, made by `tools/make-notice.ts`. */
const SHIPPED = new URL("config/notice.ogg", PACKAGE_ROOT);

const ACCEPTED = `expected an Ogg Opus file of at most ${MAX_SECONDS} s with packets of ${PACKET_MS} ms, as opusenc makes them`;

/**
 * Reads a spoken notice.
 *
 * @param path the customer's file; undefined for the bundled one
 * @throws InputError if it cannot be played
 */
export async function readNoticeSound(path: string | undefined): Promise<SpokenNotice> {
  const ogg = read(path ?? SHIPPED);
  const { packets, faults } = checkOggOpus(ogg, { endTrimming: true });
  const samples = (PACKET_MS * SAMPLES_PER_SECOND) / 1_000;
  const fits = packets.length > 0 && packets.length * PACKET_MS <= MAX_SECONDS * 1_000;
  if (!fits || packets.some(({ durationSamples }) => durationSamples !== samples)) {
    throw new InputError(`MEETBOT_NOTICE_AUDIO: ${path ?? SHIPPED.pathname} cannot be spoken, ${ACCEPTED}`);
  }
  const [fault] = faults;
  if (fault !== undefined) {
    throw new InputError(`MEETBOT_NOTICE_AUDIO: ${path ?? SHIPPED.pathname} is damaged at ${fault}; ${ACCEPTED}`);
  }
  return { ogg, durationMs: packets.length * PACKET_MS };
}

function read(path: string | URL): Buffer {
  try {
    return readBounded(path, MAX_BYTES);
  } catch (error) {
    throw new InputError(`MEETBOT_NOTICE_AUDIO: the file cannot be read (${messageOf(error)}), ${ACCEPTED}`);
  }
}
