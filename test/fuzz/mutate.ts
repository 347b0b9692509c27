/** A small seeded generator (mulberry32), so that a finding can be repeated by its seed. */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const INTERESTING = [0, 1, 0x7f, 0x80, 0xfa, 0xfb, 0xfc, 0xfe, 0xff];

/** Bytes like the given ones, with some cut, flipped, doubled or replaced. */
export function mutate(input: Buffer, next: () => number): Buffer {
  let bytes = Buffer.from(input);
  const below = (limit: number): number => Math.floor(next() * limit);
  const changes = 1 + below(6);
  for (let change = 0; change < changes; change += 1) {
    const at = below(bytes.length + 1);
    switch (below(6)) {
      case 0:
        if (at < bytes.length) bytes[at] = (bytes[at] ?? 0) ^ (1 << below(8));
        break;
      case 1:
        if (at < bytes.length) bytes[at] = INTERESTING[below(INTERESTING.length)] ?? 0;
        break;
      case 2:
        bytes = bytes.subarray(0, at);
        break;
      case 3:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + below(16))]);
        break;
      case 4:
        bytes = Buffer.concat([
          bytes.subarray(0, at),
          bytes.subarray(Math.max(0, at - below(64)), at),
          bytes.subarray(at),
        ]);
        break;
      default:
        bytes = Buffer.concat([bytes.subarray(0, at), Buffer.from([below(256), below(256)]), bytes.subarray(at)]);
    }
  }
  return bytes;
}
