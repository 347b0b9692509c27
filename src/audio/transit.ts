import { SAMPLES_PER_SECOND } from "./opus-packet.ts";

/** The length of the window. A clock off by 100 ppm drifts 3 ms in this time, far less than one packet. */
const WINDOW_SAMPLES = 30 * SAMPLES_PER_SECOND;
const BUCKETS = 6;
const BUCKET_SAMPLES = WINDOW_SAMPLES / BUCKETS;

/**
 * The smallest transit time (arrival - RTP timestamp, both in samples) of the last 30 seconds, in constant memory:
 * one minimum for each 5 seconds of arrival time.
 */
export class TransitWindow {
  #buckets: { index: number; smallest: number }[] = [];

  add(arrivalSamples: number, transitSamples: number): void {
    const index = Math.floor(arrivalSamples / BUCKET_SAMPLES);
    const bucket = this.#buckets.at(-1);
    if (bucket !== undefined && bucket.index >= index) {
      bucket.smallest = Math.min(bucket.smallest, transitSamples);
      return;
    }
    this.#buckets.push({ index, smallest: transitSamples });
    this.#dropBefore(index - BUCKETS + 1);
  }

  /** The smallest transit of the window that ends at `nowSamples`; undefined if the window is empty. */
  smallest(nowSamples: number): number | undefined {
    this.#dropBefore(Math.floor(nowSamples / BUCKET_SAMPLES) - BUCKETS + 1);
    if (this.#buckets.length === 0) return undefined;
    return Math.min(...this.#buckets.map((bucket) => bucket.smallest));
  }

  clear(): void {
    this.#buckets = [];
  }

  #dropBefore(index: number): void {
    while ((this.#buckets[0]?.index ?? index) < index) this.#buckets.shift();
  }
}
