/**
 * Makes sound faster or slower with the same pitch: waveform similarity overlap-add (WSOLA; Verhelst and Roelands,
 * ICASSP 1993). Frames are taken from the sound at the new speed, each moved by up to `SEARCH` to where it continues
 * the one before, and faded into each other.
 */

/** About 15 ms at 48 kHz; a frame is two of them. */
const HOP = 720;
/** 12 ms in each direction, together more than a period of the deepest voice (80 Hz). */
const SEARCH = 576;
/** Every sixth place and sample is compared first: speech has most of its energy below 3 kHz. */
const STRIDE = 6;

/**
 * @param channels of one sound, all of equal length
 * @returns the same sound, `speed` times as fast; its first and last sample are those of the original
 */
export function stretched(channels: readonly Float32Array[], speed: number): Float32Array<ArrayBuffer>[] {
  const [guide = new Float32Array()] = channels;
  const length = Math.round(guide.length / speed);
  const made = channels.map(() => new Float32Array(length));
  const steps = Math.max(1, Math.round(length / HOP));
  const boundary = (step: number) => Math.round((step * length) / steps);
  let natural = 0;
  for (let step = 0; step < steps; step += 1) {
    const [at, end] = [boundary(step), boundary(step + 1)];
    const isLast = step === steps - 1;
    const wanted = isLast ? guide.length - (length - at) : Math.round(at * speed);
    const from = step === 0 ? 0 : isLast ? wanted : bestContinuation(guide, natural, wanted);
    for (const [channel, samples] of channels.entries()) {
      fade(samples, natural, from, made[channel]?.subarray(at, end) ?? new Float32Array());
    }
    natural = from + end - at;
  }
  return made;
}

/** Fades from the natural continuation to the chosen frame. */
function fade(samples: Float32Array, outFrom: number, inFrom: number, target: Float32Array): void {
  for (let index = 0; index < target.length; index += 1) {
    const share = 0.5 - 0.5 * Math.cos((Math.PI * (index + 0.5)) / target.length);
    const [out = 0, into = 0] = [samples[outFrom + index], samples[inFrom + index]];
    target[index] = out + share * (into - out);
  }
}

/** The place near `wanted` where the sound is most like that at `natural`. */
function bestContinuation(samples: Float32Array, natural: number, wanted: number): number {
  const most = samples.length - HOP;
  let best = { at: Math.min(Math.max(0, wanted), Math.max(0, most)), difference: Number.POSITIVE_INFINITY };
  const compare = (at: number): void => {
    if (at < 0 || at > most) return;
    let difference = 0;
    for (let index = 0; index < HOP; index += STRIDE) {
      difference += Math.abs((samples[at + index] ?? 0) - (samples[natural + index] ?? 0));
      if (difference >= best.difference) return;
    }
    best = { at, difference };
  };
  for (let at = wanted - SEARCH; at <= wanted + SEARCH; at += STRIDE) compare(at);
  const coarse = best.at;
  for (let at = coarse - STRIDE + 1; at < coarse + STRIDE; at += 1) compare(at);
  return best.at;
}
