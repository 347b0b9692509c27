import { loadNativeOpus, type NativeOpus, openNativeDecoder } from "./native-opus.ts";
import type { Channels, DecodedRate, PacketDecoder } from "./packet-decoder.ts";

let found: NativeOpus | undefined;

/** Whether @discordjs/opus can be used, looked for once in a process. */
export function nativeOpus(): NativeOpus {
  found ??= loadNativeOpus();
  return found;
}

/**
 * Opens @discordjs/opus if it can be used, or else libopus in WebAssembly. `free` it after the last use.
 *
 * @param sampleRate of what comes out, in Hz
 */
export async function openDecoder(
  channels: Channels,
  sampleRate: DecodedRate,
  native: NativeOpus = nativeOpus(),
): Promise<PacketDecoder> {
  if (native.kind === "loaded") return openNativeDecoder(native.OpusEncoder, channels, sampleRate);
  const { openWasmDecoder } = await import("./wasm-opus.ts");
  return await openWasmDecoder(channels, sampleRate);
}
