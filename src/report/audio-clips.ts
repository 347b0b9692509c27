import type { OggPacket } from "../audio/ogg/ogg-check.ts";
import { OggOpusWriter } from "../audio/ogg/ogg-opus.ts";
import { SAMPLES_PER_SECOND } from "../audio/opus-packet.ts";
import { carriesSound } from "../audio/silence.ts";

/** A section of a part (one Ogg file) that can be decoded separately. */
export interface AudioClip {
  /** On the session clock. */
  readonly startSample: number;
  readonly samples: number;
  /** Earlier packets that bring the decoder into the right state. */
  readonly lead: readonly OggPacket[];
  readonly packets: readonly OggPacket[];
}

/** Longer clips take longer to decode after seeking into them; shorter ones have more overhead. */
export const MAX_CLIP_SAMPLES = 10 * SAMPLES_PER_SECOND;
/** A silence of at least this length is left out: half a second. */
const SILENCE_SAMPLES = SAMPLES_PER_SECOND / 2;
/** Fill that is kept after sound, in which the decoder fades out. */
const TAIL_SAMPLES = SAMPLES_PER_SECOND / 10;
/** RFC 7845 §4.6: a decoder that starts in the middle should be given 80 ms first. */
const LEAD_SAMPLES = 3_840;

/**
 * Cuts a part's packets into clips, leaving silence out.
 *
 * @param partStartSample session time of the part's first sample
 */
export function cutIntoClips(packets: readonly OggPacket[], partStartSample: number): AudioClip[] {
  return soundRanges(packets).map(([first, end]) => {
    const own = packets.slice(first, end);
    const start = own[0]?.positionSamples ?? 0;
    const samples = own.reduce((sum, { durationSamples }) => sum + durationSamples, 0);
    return { startSample: partStartSample + start, samples, lead: leadBefore(packets, first), packets: own };
  });
}

/** Indexes of each range's first packet and of the one after its last. */
function soundRanges(packets: readonly OggPacket[]): [first: number, end: number][] {
  const ranges: [number, number][] = [];
  let first: number | undefined;
  let end = 0;
  let [lengthSamples, quietSamples] = [0, 0];
  for (const [index, { opus, positionSamples, durationSamples }] of packets.entries()) {
    if (positionSamples < 0) continue; // the lead-in, which nobody hears
    const sounds = carriesSound(opus);
    const full = lengthSamples + durationSamples > MAX_CLIP_SAMPLES;
    if (first !== undefined && (full || (!sounds && quietSamples + durationSamples >= SILENCE_SAMPLES))) {
      ranges.push([first, full ? index : end]);
      first = undefined;
    }
    if (first === undefined) {
      if (!sounds) continue;
      first = index;
      [lengthSamples, quietSamples] = [0, 0];
    }
    lengthSamples += durationSamples;
    quietSamples = sounds ? 0 : quietSamples + durationSamples;
    if (quietSamples <= TAIL_SAMPLES) end = index + 1;
  }
  if (first !== undefined) ranges.push([first, end]);
  return ranges;
}

function leadBefore(packets: readonly OggPacket[], first: number): OggPacket[] {
  let begin = first;
  for (let samples = 0; begin > 0 && samples < LEAD_SAMPLES; begin -= 1) {
    samples += packets[begin - 1]?.durationSamples ?? 0;
  }
  return packets.slice(begin, first);
}

/** Samples that a decoder outputs before the clip's own. */
export function leadSamplesOf({ lead }: AudioClip): number {
  return lead.reduce((sum, { durationSamples }) => sum + durationSamples, 0);
}

/** The clip as a separate file. */
export function clipAsOgg(clip: AudioClip): Buffer {
  const writer = new OggOpusWriter({ serial: 1, vendor: "", tags: {} });
  const pages = [writer.begin()];
  for (const { opus, durationSamples } of [...clip.lead, ...clip.packets]) {
    const page = writer.add(opus, durationSamples);
    if (page !== undefined) pages.push(page);
  }
  const { page, replacesLast } = writer.end();
  if (replacesLast) pages.pop();
  pages.push(page);
  return Buffer.concat(pages);
}
