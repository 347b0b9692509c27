import { OpusDecoder } from "opus-decoder";
import { sampleOf } from "../audio/pcm.ts";
import type { Channels, DecodedRate, PacketDecoder } from "./packet-decoder.ts";

/** RFC 7845 §5.1.1, mapping family 0. */
const STREAMS = {
  1: { channels: 1, streamCount: 1, coupledStreamCount: 0, channelMappingTable: [0] },
  2: { channels: 2, streamCount: 1, coupledStreamCount: 1, channelMappingTable: [0, 1] },
};

/** libopus in WebAssembly, which needs no compiler and no other program. */
export async function openWasmDecoder(channels: Channels, sampleRate: DecodedRate): Promise<PacketDecoder> {
  const decoder = new OpusDecoder({ ...STREAMS[channels], sampleRate });
  await decoder.ready;
  return {
    // For an empty packet libopus would conceal 120 ms.
    decode: (packet) => (packet.length === 0 ? new Int16Array() : interleaved(decoder.decodeFrame(packet).channelData)),
    free: () => decoder.free(),
  };
}

function interleaved(channelData: readonly Float32Array[]): Int16Array {
  const pcm = new Int16Array(channelData.reduce((sum, { length }) => sum + length, 0));
  for (const [channel, samples] of channelData.entries()) {
    for (let index = 0; index < samples.length; index += 1) {
      pcm[index * channelData.length + channel] = sampleOf(samples[index] ?? 0);
    }
  }
  return pcm;
}
