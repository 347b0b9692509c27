import { FULL_SCALE } from "../audio/pcm.ts";
import { openDecoder } from "../opus/decoder.ts";
import type { PacketDecoder } from "../opus/packet-decoder.ts";
import { type AudioClip, leadSamplesOf } from "./audio-clips.ts";
import { type PageWave, PEAK_MS } from "./page-data.ts";

/** The lowest rate that Opus decodes to. Frequencies above 4 kHz make speech clearer, not louder. */
const SAMPLE_RATE = 8_000;
const SAMPLES_PER_PEAK = (SAMPLE_RATE * PEAK_MS) / 1_000;
/** 48 kHz to `SAMPLE_RATE`. */
const DIVISOR = 48_000 / SAMPLE_RATE;

/** Measures the loudness of sound by decoding it. */
export class WaveformReader {
  readonly #decoder: PacketDecoder;

  private constructor(decoder: PacketDecoder) {
    this.#decoder = decoder;
  }

  static async open(): Promise<WaveformReader> {
    return new WaveformReader(await openDecoder(1, SAMPLE_RATE));
  }

  /** Sound that cannot be decoded is drawn as silence. */
  read(clip: AudioClip): PageWave {
    const peaks = new Uint8Array(Math.ceil(clip.samples / DIVISOR / SAMPLES_PER_PEAK));
    let position = -leadSamplesOf(clip) / DIVISOR;
    for (const { opus, durationSamples } of [...clip.lead, ...clip.packets]) {
      raisePeaks(peaks, this.#decoder.decode(opus), position);
      position += durationSamples / DIVISOR;
    }
    return { fromMs: clip.startSample / 48, peaks: Buffer.from(peaks).toString("base64") };
  }

  close(): void {
    this.#decoder.free();
  }
}

function raisePeaks(peaks: Uint8Array, decoded: Int16Array, position: number): void {
  for (let index = Math.max(0, -position); index < decoded.length; index += 1) {
    const at = Math.floor((position + index) / SAMPLES_PER_PEAK);
    const height = Math.min(255, Math.round(255 * Math.sqrt(Math.abs(decoded[index] ?? 0) / FULL_SCALE)));
    if (height > (peaks[at] ?? 255)) peaks[at] = height;
  }
}
