import { pipeline, type Readable, Transform } from "node:stream";

/**
 * A stream of exactly so many bytes. It fails if the source has others, as a file does that is cut or replaced while it is
 * read: a client that was promised a length must not take less for the whole.
 */
export function exactly(source: Readable, bytes: number): Readable {
  let left = bytes;
  const counted = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      left -= chunk.length;
      if (left >= 0) done(null, chunk);
      else done(new Error("the file is longer than it was"));
    },
    flush(done) {
      done(left === 0 ? null : new Error(`the file ended ${left} bytes too early`));
    },
  });
  return pipeline(source, counted, () => undefined);
}
