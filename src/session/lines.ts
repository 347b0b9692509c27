const LINE_END = 0x0a;
/** No line of ours comes near it. A longer one comes out as a text that is no JSON. */
const MAX_LINE_BYTES = 16_000_000;

/** The lines of a file one by one, so that a long file is not held twice. What follows the last line end is a line too. */
export function* linesOf(bytes: Buffer): Generator<string> {
  for (let start = 0; start <= bytes.length; ) {
    const found = bytes.indexOf(LINE_END, start);
    const end = found === -1 ? bytes.length : found;
    yield end - start > MAX_LINE_BYTES ? "(too long)" : bytes.toString("utf8", start, end);
    start = end + 1;
  }
}
