import type { PageData } from "../../page-data.ts";

export const SAMPLE_RATE = 48_000;

export interface DecodedClip {
  readonly buffer: AudioBuffer;
  /** Frames of the buffer that come before the clip's own. */
  readonly leadSamples: number;
}

/** How much decoded sound is kept: a minute and a half, about 35 MB. */
const MAX_KEPT_SAMPLES = 90 * SAMPLE_RATE;
/** How often to look for a clip while the browser still loads the page. */
const WAIT_MS = 50;

/** The page's sound. Each clip is decoded only on demand. */
export class ClipSource {
  readonly #data: PageData;
  readonly #context: BaseAudioContext;
  /** In the order of their last use. */
  readonly #kept = new Map<number, Promise<DecodedClip>>();
  #keptSamples = 0;

  constructor(data: PageData, context: BaseAudioContext) {
    this.#data = data;
    this.#context = context;
  }

  /** @throws if the page was cut off before it, or the browser cannot decode it */
  async get(index: number): Promise<DecodedClip> {
    const kept = this.#kept.get(index);
    if (kept !== undefined) {
      this.#kept.delete(index);
      this.#kept.set(index, kept);
      return await kept;
    }
    const decoding = this.#decode(index);
    this.#kept.set(index, decoding);
    this.#keptSamples += this.#samplesOf(index);
    this.#forgetOldest();
    return await decoding;
  }

  async #decode(index: number): Promise<DecodedClip> {
    const { clipsPerBlock, clips } = this.#data;
    const block = await blockText(Math.floor(index / clipsPerBlock));
    const ogg = bytesOfBase64(block.split("\n")[index % clipsPerBlock] ?? "");
    const buffer = await this.#context.decodeAudioData(ogg.buffer);
    const [, , samples, leadSamples] = clips[index] ?? [0, 0, 0, 0];
    // A browser that does not cut off the pre-skip (RFC 7845 §4.2) outputs this much more.
    const surplus = Math.max(0, buffer.length - leadSamples - samples);
    return { buffer, leadSamples: leadSamples + surplus };
  }

  #samplesOf(index: number): number {
    return this.#data.clips[index]?.[2] ?? 0;
  }

  #forgetOldest(): void {
    for (const index of this.#kept.keys()) {
      if (this.#keptSamples <= MAX_KEPT_SAMPLES || this.#kept.size === 1) return;
      this.#kept.delete(index);
      this.#keptSamples -= this.#samplesOf(index);
    }
  }
}

/** The text of a block, once the browser has loaded it completely: something follows it, or the page has ended. */
async function blockText(index: number): Promise<string> {
  for (;;) {
    const ended = document.readyState !== "loading";
    const block = document.getElementById(`audio-${index}`);
    if (block !== null && (ended || block.nextElementSibling !== null)) return block.textContent;
    if (ended) throw new Error(`the page has no sound ${index}: it was cut off`);
    await new Promise((resolve) => setTimeout(resolve, WAIT_MS));
  }
}

function bytesOfBase64(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let index = 0; index < binary.length; index += 1) bytes[index] = binary.charCodeAt(index);
  return bytes;
}
