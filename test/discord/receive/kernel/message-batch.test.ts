import { expect, it } from "vitest";
import { arrivalIn, BATCH_MESSAGES, MessageBatch } from "../../../../src/discord/receive/kernel/message-batch.ts";

interface ControlMessage {
  readonly level: number;
  readonly type: number;
  readonly data: Buffer;
  /** The length that it claims. Default: the real one. */
  readonly length?: number;
}

const SOL_SOCKET = 1;
const SO_TIMESTAMPNS = 35;
const SO_RXQ_OVFL = 40;

/** As cmsg(3) lays them out on 64-bit Linux, behind 64 bytes of another datagram's. */
function controlOf(messages: readonly ControlMessage[]): { memory: Uint32Array; bytes: number } {
  const parts = messages.map(({ level, type, data, length = 16 + data.length }) => {
    const head = Buffer.alloc(16);
    head.writeBigUInt64LE(BigInt(length), 0);
    head.writeInt32LE(level, 8);
    head.writeInt32LE(type, 12);
    return Buffer.concat([head, data, Buffer.alloc((8 - (data.length % 8)) % 8)]);
  });
  const all = Buffer.concat([Buffer.alloc(64, 0xff), ...parts]);
  return { memory: new Uint32Array(Uint8Array.from(all).buffer), bytes: all.length - 64 };
}

function time(seconds: bigint, nanoseconds: bigint): Buffer {
  const bytes = Buffer.alloc(16);
  bytes.writeBigInt64LE(seconds, 0);
  bytes.writeBigInt64LE(nanoseconds, 8);
  return bytes;
}

const ARRIVAL = { level: SOL_SOCKET, type: SO_TIMESTAMPNS, data: time(1_790_000_000n, 123_456_789n) };

it.each<[string, readonly ControlMessage[], number | undefined]>([
  ["the only message", [ARRIVAL], 1_790_000_000_123.4568],
  [
    "behind another",
    [{ level: SOL_SOCKET, type: SO_RXQ_OVFL, data: Buffer.alloc(4, 1) }, ARRIVAL],
    1_790_000_000_123.4568,
  ],
  ["after 2106", [{ ...ARRIVAL, data: time(2n ** 32n + 1n, 0n) }], (2 ** 32 + 1) * 1_000],
  ["nowhere", [], undefined],
  ["of another level", [{ ...ARRIVAL, level: 0 }], undefined],
  ["of another type", [{ ...ARRIVAL, type: 29 }], undefined],
  ["too short", [{ ...ARRIVAL, data: Buffer.alloc(8) }], undefined],
  ["longer than there is room", [{ ...ARRIVAL, length: 64 }], undefined],
  ["behind a message without length", [{ level: 0, type: 0, data: Buffer.alloc(8), length: 0 }, ARRIVAL], undefined],
])("finds a datagram's time of arrival: %s", (_, messages, expectedMs) => {
  const { memory, bytes } = controlOf(messages);
  const foundMs = arrivalIn(memory, 64, bytes);
  if (expectedMs === undefined) expect(foundMs).toBeUndefined();
  else expect(foundMs).toBeCloseTo(expectedMs, 3);
});

it("gives the kernel a separate slot for each datagram and its control messages", () => {
  let address = 4_096n;
  const batch = new MessageBatch(() => {
    address += 1_000_000_000n;
    return address;
  });
  const control = Array.from({ length: BATCH_MESSAGES }, (_, index) => batch.headers[index * 8 + 4]);
  const lengths = Array.from({ length: BATCH_MESSAGES }, (_, index) => batch.headers[index * 8 + 5]);
  expect(new Set(control).size).toBe(BATCH_MESSAGES);
  expect(new Set(lengths)).toEqual(new Set([64n]));
  // The kernel notes what it used.
  batch.headers[5] = 32n;
  batch.headers[13] = 0n;
  batch.reset(2);
  expect([batch.headers[5], batch.headers[13]]).toEqual([64n, 64n]);
});
