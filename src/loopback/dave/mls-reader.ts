/** The bytes violate the protocol. Caught where the message is received. */
export class MalformedMls extends Error {
  override readonly name = "MalformedMls";
}

/** Reads TLS presentation language with MLS's variable-length vectors (RFC 9420 §2.1.2). */
export class MlsReader {
  readonly #bytes: Buffer;
  #offset = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get offset(): number {
    return this.#offset;
  }

  get atEnd(): boolean {
    return this.#offset === this.#bytes.length;
  }

  uint8(): number {
    return this.bytes(1).readUInt8();
  }

  uint16(): number {
    return this.bytes(2).readUInt16BE();
  }

  uint32(): number {
    return this.bytes(4).readUInt32BE();
  }

  uint64(): bigint {
    return this.bytes(8).readBigUInt64BE();
  }

  bytes(count: number): Buffer {
    const end = this.#offset + count;
    if (end > this.#bytes.length) throw new MalformedMls(`${count} bytes expected at offset ${this.#offset}`);
    const found = this.#bytes.subarray(this.#offset, end);
    this.#offset = end;
    return found;
  }

  vector(): Buffer {
    const first = this.uint8();
    const size = first >> 6;
    if (size === 3) throw new MalformedMls("a vector length of more than 30 bits");
    let length = first & 0x3f;
    for (let more = (1 << size) - 1; more > 0; more -= 1) length = length * 256 + this.uint8();
    return this.bytes(length);
  }

  /** Fails unless the next number is one of the accepted. */
  expect(found: number, accepted: number, what: string): void {
    if (found !== accepted) throw new MalformedMls(`${what} is ${found}, expected ${accepted}`);
  }
}

/** `opaque bytes<V>`: the length in 1, 2 or 4 bytes, its size in the two highest bits. RFC 9420 §2.1.2. */
export function mlsVector(bytes: Buffer): Buffer {
  return Buffer.concat([vectorLength(bytes.length), bytes]);
}

function vectorLength(length: number): Buffer {
  if (length < 0x40) return Buffer.from([length]);
  if (length < 0x4000) return uint16(0x4000 | length);
  return uint32((0x80000000 | length) >>> 0);
}

export function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

export function uint64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(value);
  return bytes;
}
