/** Repeatable randomness: a number that depends only on its keys, and not on earlier calls. */

const FNV_OFFSET_BASIS = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/**
 * Evenly spread over [0, 1), always the same for the same keys.
 *
 * FNV-1a over the keys (http://www.isthe.com/chongo/tech/comp/fnv/), then MurmurHash3's finalizer, without which keys
 * that differ only in their last digit would give numbers next to each other.
 */
export function chance(...keys: readonly (string | number)[]): number {
  let hash = FNV_OFFSET_BASIS;
  for (const character of keys.join("/")) hash = Math.imul(hash ^ character.charCodeAt(0), FNV_PRIME);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}

/** A whole number from 0 to `below` - 1, always the same for the same keys. */
export function pick(below: number, ...keys: readonly (string | number)[]): number {
  return Math.floor(chance(...keys) * below);
}

/** Bytes that are always the same for the same keys. */
export function noise(bytes: number, ...keys: readonly (string | number)[]): Buffer {
  const noise = Buffer.alloc(bytes);
  let state = pick(2 ** 32, ...keys) | 1;
  for (let offset = 0; offset < bytes; offset += 1) {
    // xorshift32, Marsaglia 2003: it never reaches 0 from another state.
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    noise[offset] = state >>> 24;
  }
  return noise;
}
