import { SAMPLES_PER_SECOND } from "./opus-packet.ts";

/** 16-bit PCM. */
export const BYTES_PER_SAMPLE = 2;
/** A 32-bit size that refers to the ds64 chunk. EBU Tech 3306 §3.2. */
const SEE_DS64 = 0xffff_ffff;
const DS64_BYTES = 28;
const FORMAT_BYTES = 16;

/**
 * The header of a WAV file with 48 kHz and 16 bits. It is RIFF, or RF64 (EBU Tech 3306) if the file is too long for the
 * 32-bit sizes of RIFF.
 *
 * @param frames samples of each channel
 */
export function wavHeader(channels: number, frames: number): Buffer {
  const dataBytes = frames * channels * BYTES_PER_SAMPLE;
  const chunks = (ds64: readonly Buffer[], riffBytes: number, data: number): Buffer =>
    Buffer.concat([
      Buffer.from(ds64.length > 0 ? "RF64" : "RIFF", "latin1"),
      uint32(riffBytes),
      Buffer.from("WAVE", "latin1"),
      ...ds64,
      formatChunk(channels),
      Buffer.from("data", "latin1"),
      uint32(data),
    ]);
  const plain = chunks([], 0, 0).length - 8 + dataBytes;
  if (plain < SEE_DS64) return chunks([], plain, dataBytes);
  return chunks([ds64Chunk(plain + 8 + DS64_BYTES, dataBytes, frames)], SEE_DS64, SEE_DS64);
}

/** WAVE_FORMAT_PCM. */
function formatChunk(channels: number): Buffer {
  const chunk = Buffer.alloc(8 + FORMAT_BYTES);
  chunk.write("fmt ", 0, "latin1");
  chunk.writeUInt32LE(FORMAT_BYTES, 4);
  chunk.writeUInt16LE(1, 8);
  chunk.writeUInt16LE(channels, 10);
  chunk.writeUInt32LE(SAMPLES_PER_SECOND, 12);
  chunk.writeUInt32LE(SAMPLES_PER_SECOND * channels * BYTES_PER_SAMPLE, 16);
  chunk.writeUInt16LE(channels * BYTES_PER_SAMPLE, 20);
  chunk.writeUInt16LE(8 * BYTES_PER_SAMPLE, 22);
  return chunk;
}

/** EBU Tech 3306 §3.2: the sizes in 64 bits, and a table of further chunks, which is empty. */
function ds64Chunk(riffBytes: number, dataBytes: number, frames: number): Buffer {
  const chunk = Buffer.alloc(8 + DS64_BYTES);
  chunk.write("ds64", 0, "latin1");
  chunk.writeUInt32LE(DS64_BYTES, 4);
  chunk.writeBigUInt64LE(BigInt(riffBytes), 8);
  chunk.writeBigUInt64LE(BigInt(dataBytes), 16);
  chunk.writeBigUInt64LE(BigInt(frames), 24);
  return chunk;
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
