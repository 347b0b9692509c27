/** Magnitude of the largest 16-bit sample. */
export const FULL_SCALE = 32_768;

/**
 * @param value 1 is full scale; decoded speech may exceed it
 * @returns a 16-bit sample, clipped at full scale
 */
export function sampleOf(value: number): number {
  return Math.max(-FULL_SCALE, Math.min(FULL_SCALE - 1, Math.round(value * FULL_SCALE)));
}
