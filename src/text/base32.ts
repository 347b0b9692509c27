/** Crockford's alphabet, which ULIDs use: no I, L, O and U, so that no letter is taken for another. */
const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const BITS_PER_CHARACTER = 5;

/**
 * The first bits of some bytes in Crockford's Base32.
 *
 * @param length in characters of 5 bits each; the bytes must have that many bits
 */
export function crockford32(bytes: Uint8Array, length: number): string {
  let text = "";
  for (let character = 0; character < length; character += 1) {
    let value = 0;
    for (let bit = 0; bit < BITS_PER_CHARACTER; bit += 1) {
      const at = character * BITS_PER_CHARACTER + bit;
      const byte = bytes[at >> 3];
      if (byte === undefined) throw new RangeError(`${bytes.length} bytes have no ${length} characters of 5 bits`);
      value = (value << 1) | ((byte >> (7 - (at & 7))) & 1);
    }
    text += ALPHABET[value];
  }
  return text;
}
