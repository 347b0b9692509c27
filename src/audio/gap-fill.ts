import { frameSamplesOfToc, MIN_FRAME_SAMPLES, SILENCE_PACKET } from "./opus-packet.ts";

/**
 * A packet that the recorder writes in place of missing audio. It keeps the decoder in time.
 *
 * The granule position counts only the samples of the packets. A jump in it looks right to most tools, but the decoded
 * audio is too short by the jump (RFC 7845 §4.2 asks for packets instead).
 */
interface FillPacket {
  readonly packet: Buffer;
  readonly durationSamples: number;
}

/** The same packet, repeated. */
export interface FillRun extends FillPacket {
  readonly count: number;
}

export interface GapFill {
  /** The number of runs is small, however long the gap is. */
  readonly runs: readonly FillRun[];
  /** Samples that the decoder conceals by extending the earlier sound; the rest is silence. */
  readonly concealedSamples: number;
}

/** Concealment decays within some 100 ms; over much longer it buzzes at a quarter of the speech's level in libopus. */
const MAX_CONCEALED_PACKETS = 5;
/** 20 ms at 48 kHz. */
const SILENCE_SAMPLES = 960;
/** Frames in the longest packet, 120 ms. RFC 6716 §3.2.5. */
const MAX_FILL_FRAMES = 6;
/** TOC of 20 ms full-band CELT mono with code 3, whose frames of 0 bytes continue the silence. RFC 6716 §3.1. */
const CONTINUE_20_MS = 0xfb;
/** Packets of 1 to 6 frames; the index is their number less 1. */
const CONTINUED: readonly FillPacket[] = Array.from({ length: MAX_FILL_FRAMES }, (_, index) => ({
  packet: Buffer.of(CONTINUE_20_MS, index + 1),
  durationSamples: (index + 1) * SILENCE_SAMPLES,
}));
const SILENCE: FillPacket = { packet: SILENCE_PACKET, durationSamples: SILENCE_SAMPLES };
/** 10, 5 and 2.5 ms of full-band CELT mono, code 0. */
const SHORT_FILLS: readonly FillPacket[] = [
  { packet: Buffer.of(0xf0), durationSamples: 480 },
  { packet: Buffer.of(0xe8), durationSamples: 240 },
  { packet: Buffer.of(0xe0), durationSamples: 120 },
];

export interface GapContext {
  /** TOC byte and duration of the packet before the gap; undefined at the start of a part. */
  readonly lastReceived: { readonly toc: number; readonly durationSamples: number } | undefined;
  /** Packets known to be lost in the gap. */
  readonly lost: number;
}

/**
 * Packets that fill `gapSamples`, rounded down to whole 2.5 ms.
 *
 * Up to five lost packets become packets with only a TOC byte. RFC 6716 §3.2.1 defines these as frames that were lost or
 * not sent, and the decoder conceals them. Everything else is one silence packet and 120 ms packets of empty frames.
 */
export function fillGap(gapSamples: number, context: GapContext): GapFill {
  const whole = Math.floor(gapSamples / MIN_FRAME_SAMPLES) * MIN_FRAME_SAMPLES;
  if (whole <= 0) return { runs: [], concealedSamples: 0 };
  const { lastReceived, lost } = context;
  if (lastReceived !== undefined && lost <= MAX_CONCEALED_PACKETS && whole <= lost * lastReceived.durationSamples) {
    return { runs: concealment(whole, lastReceived.toc), concealedSamples: whole };
  }
  return { runs: silence(whole), concealedSamples: 0 };
}

function concealment(samples: number, toc: number): FillRun[] {
  const frameSamples = frameSamplesOfToc(toc);
  const count = Math.floor(samples / frameSamples);
  const whole = { packet: Buffer.of(toc & 0xfc), durationSamples: frameSamples, count };
  return [...(count === 0 ? [] : [whole]), ...shortFill(samples - count * frameSamples)];
}

function silence(samples: number): FillRun[] {
  if (samples < SILENCE_SAMPLES) return shortFill(samples);
  const frames = Math.floor(samples / SILENCE_SAMPLES) - 1;
  const longest = Math.floor(frames / MAX_FILL_FRAMES);
  return [
    once(SILENCE),
    ...continued(MAX_FILL_FRAMES).flatMap((fill) => (longest === 0 ? [] : [{ ...fill, count: longest }])),
    ...continued(frames % MAX_FILL_FRAMES).map(once),
    ...shortFill(samples % SILENCE_SAMPLES),
  ];
}

function once(fill: FillPacket): FillRun {
  return { ...fill, count: 1 };
}

/** @param frames of 20 ms, 0 to 6 */
function continued(frames: number): readonly FillPacket[] {
  return CONTINUED.slice(Math.max(0, frames - 1), frames);
}

/** Less than 60 ms in steps of 2.5 ms: whole 20 ms first, then 10, 5 and 2.5. */
function shortFill(samples: number): FillRun[] {
  const frames = Math.floor(samples / SILENCE_SAMPLES);
  const runs = continued(frames).map(once);
  let rest = samples - frames * SILENCE_SAMPLES;
  for (const fill of SHORT_FILLS) {
    if (rest < fill.durationSamples) continue;
    runs.push(once(fill));
    rest -= fill.durationSamples;
  }
  return runs;
}
