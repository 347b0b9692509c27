import { createRequire } from "node:module";
import { endianness } from "node:os";

/** Calls a function of a library; buffers are given as pointers. */
export type NativeFunction = (...args: readonly unknown[]) => unknown;

/** The part of koffi that we use. It calls functions of native libraries. */
export interface Koffi {
  /** @param path null means the process itself: the C library, and what Node exports */
  load(path: null): { func(declaration: string): NativeFunction };
  address(memory: NodeJS.ArrayBufferView): bigint;
  errno(): number;
}

const ARCHITECTURES = ["x64", "arm64"];

/**
 * @param isWanted whether the settings ask for it
 * @throws Error if it is not wanted, if this system is not Linux on x64 or arm64, or if koffi is not installed or
 *   cannot be
 *   loaded
 */
export function loadKoffi(isWanted: boolean): Koffi {
  if (!isWanted) throw new Error("MEETBOT_BATCHED_RECEIVE is off");
  const { platform, arch } = process;
  if (platform !== "linux" || !ARCHITECTURES.includes(arch) || endianness() !== "LE") {
    throw new Error(`it is not known how the C library of ${platform} on ${arch} is called`);
  }
  // It is an optional dependency, and a static import would end the process if it is missing.
  return createRequire(import.meta.url)("koffi");
}
