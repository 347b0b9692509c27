import { createHash } from "node:crypto";

/**
 * The checksum that S3 gives an object which was uploaded in parts: the SHA-256 of the parts' SHA-256s, in Base64, with
 * the number of parts (Amazon S3 User Guide, "Checking object integrity", composite checksums).
 */
export class CompositeChecksum {
  readonly #partBytes: number;
  #part = createHash("sha256");
  #bytesInPart = 0;
  readonly #parts: Buffer[] = [];

  constructor(partBytes: number) {
    this.#partBytes = partBytes;
  }

  update(bytes: Buffer): void {
    for (let at = 0; at < bytes.length; ) {
      if (this.#bytesInPart === this.#partBytes) this.#endPart();
      const taken = bytes.subarray(at, at + this.#partBytes - this.#bytesInPart);
      this.#part.update(taken);
      this.#bytesInPart += taken.length;
      at += taken.length;
    }
  }

  /** Call once, after the last byte. */
  digest(): string {
    this.#endPart();
    return `${createHash("sha256").update(Buffer.concat(this.#parts)).digest("base64")}-${this.#parts.length}`;
  }

  #endPart(): void {
    this.#parts.push(this.#part.digest());
    this.#part = createHash("sha256");
    this.#bytesInPart = 0;
  }
}
