/**
 * Memory into which recvmmsg(2) receives several datagrams in one call: an array of `struct mmsghdr`, and for each of
 * them a slot for the datagram and one for its control messages (cmsg(3)). The layout is that of 64-bit Linux.
 */

/** Large enough to make the cost of a call per datagram small. */
export const BATCH_MESSAGES = 64;
/** The largest datagram. Only written pages of a slot use memory. */
const MAX_DATAGRAM_BYTES = 65_536;
/** Slots begin at different page offsets, which keeps their first bytes from competing for the same cache lines. */
const SLOT_BYTES = MAX_DATAGRAM_BYTES + 320;

/** `struct mmsghdr`, by index of 8 bytes: name, length of the name, iov, its count, control, its length, flags; length. */
const HEADER_WORDS = 8;
const IOV_WORD = 2;
const IOV_COUNT_WORD = 3;
const CONTROL_WORD = 4;
const CONTROL_LENGTH_WORD = 5;
/** The same by index of 4 bytes. */
const CONTROL_LENGTH_INDEX = 10;
const LENGTH_INDEX = 14;

/** Room for the time of arrival (32 bytes) and one more message. */
const CONTROL_BYTES = 64;
/** `struct cmsghdr`: length (8 bytes, itself included), level and type (4 bytes each). Messages begin at multiples of 8. */
const CMSG_HEADER_BYTES = 16;
const CMSG_ALIGNMENT = 8;
/** `struct timespec`: seconds and nanoseconds, 8 bytes each. */
const TIMESPEC_BYTES = 16;
const SOL_SOCKET = 1;
const SCM_TIMESTAMPNS = 35;

const BYTES_OF_INDEX = 4;
const INDEXES_OF_WORD = 2;
const UINT32_MODULUS = 2 ** 32;

export class MessageBatch {
  /** For recvmmsg(2). */
  readonly headers = new BigUint64Array(BATCH_MESSAGES * HEADER_WORDS);
  readonly #fields = new Uint32Array(this.headers.buffer);
  readonly #iov = new BigUint64Array(BATCH_MESSAGES * 2);
  readonly #control = new Uint32Array((BATCH_MESSAGES * CONTROL_BYTES) / BYTES_OF_INDEX);
  readonly #slots = Buffer.alloc(BATCH_MESSAGES * SLOT_BYTES);

  /** @param addressOf gives the address of memory, which must not move */
  constructor(addressOf: (memory: NodeJS.ArrayBufferView) => bigint) {
    const [iov, control, slots] = [addressOf(this.#iov), addressOf(this.#control), addressOf(this.#slots)];
    for (let index = 0; index < BATCH_MESSAGES; index += 1) {
      this.#iov[index * 2] = slots + BigInt(index * SLOT_BYTES);
      this.#iov[index * 2 + 1] = BigInt(MAX_DATAGRAM_BYTES);
      const header = index * HEADER_WORDS;
      this.headers[header + IOV_WORD] = iov + BigInt(index * 16);
      this.headers[header + IOV_COUNT_WORD] = 1n;
      this.headers[header + CONTROL_WORD] = control + BigInt(index * CONTROL_BYTES);
      this.headers[header + CONTROL_LENGTH_WORD] = BigInt(CONTROL_BYTES);
    }
  }

  /** A view of a received datagram. Its bytes change with the next call of recvmmsg(2). */
  datagram(index: number): Buffer {
    const length = this.#fields[index * HEADER_WORDS * INDEXES_OF_WORD + LENGTH_INDEX] ?? 0;
    return this.#slots.subarray(index * SLOT_BYTES, index * SLOT_BYTES + length);
  }

  /** When the kernel received the datagram, in milliseconds since 1970; undefined if unknown. */
  arrivedAtMs(index: number): number | undefined {
    const lengthIndex = index * HEADER_WORDS * INDEXES_OF_WORD + CONTROL_LENGTH_INDEX;
    return arrivalIn(this.#control, index * CONTROL_BYTES, this.#fields[lengthIndex] ?? 0);
  }

  /** Resets the first headers for the next call, because the kernel has written the used lengths to them. */
  reset(count: number): void {
    for (let index = 0; index < count; index += 1) {
      this.#fields[index * HEADER_WORDS * INDEXES_OF_WORD + CONTROL_LENGTH_INDEX] = CONTROL_BYTES;
    }
  }
}

/**
 * The time of arrival among the control messages of a datagram.
 *
 * @param memory in units of 4 bytes
 * @param startByte of the first message, a multiple of 8
 * @param bytes of all of them
 * @returns milliseconds since 1970
 */
export function arrivalIn(memory: Uint32Array, startByte: number, bytes: number): number | undefined {
  const endByte = startByte + bytes;
  for (let at = startByte; at + CMSG_HEADER_BYTES <= endByte; ) {
    const index = at / BYTES_OF_INDEX;
    const length = memory[index] ?? 0;
    if (length < CMSG_HEADER_BYTES || at + length > endByte) return undefined;
    const isArrival = memory[index + 2] === SOL_SOCKET && memory[index + 3] === SCM_TIMESTAMPNS;
    if (isArrival && length >= CMSG_HEADER_BYTES + TIMESPEC_BYTES) {
      const seconds = (memory[index + 4] ?? 0) + (memory[index + 5] ?? 0) * UINT32_MODULUS;
      return seconds * 1e3 + (memory[index + 6] ?? 0) / 1e6;
    }
    at += Math.ceil(length / CMSG_ALIGNMENT) * CMSG_ALIGNMENT;
  }
  return undefined;
}
