import { createRequire } from "node:module";
import { endianness } from "node:os";

/** The functions of the C library that reading a socket's queue takes. */
export interface Libc {
  /** recvmmsg(2) without waiting. @returns how many messages were received; -1 if none */
  receive(fd: number, headers: NodeJS.ArrayBufferView, count: number): number;
  /** Why the last call of `receive` failed (errno). */
  receiveError(): number;
  /** Has the kernel note when each datagram of the socket arrives. @returns whether it does */
  noteArrivals(fd: number): boolean;
  /** CLOCK_REALTIME, in milliseconds since 1970. The kernel's arrival times are of this clock. */
  realTimeMs(): number;
  addressOf(memory: NodeJS.ArrayBufferView): bigint;
}

type Callable = (...args: readonly unknown[]) => unknown;

interface Koffi {
  load(path: null): { func(declaration: string): Callable };
  address(memory: NodeJS.ArrayBufferView): bigint;
  errno(): number;
}

/** The numbers below are those of Linux on these. */
const ARCHITECTURES = ["x64", "arm64"];
const SOL_SOCKET = 1;
const SO_TIMESTAMPNS = 35;
const MSG_DONTWAIT = 0x40;
const CLOCK_REALTIME = 0;
const TIMESPEC_BYTES = 16;
const INT_BYTES = 4;

/**
 * Loads koffi, which calls functions of the C library.
 *
 * @param isWanted by the settings
 * @throws Error if it is not wanted, if this system is not Linux on x64 or arm64, or if koffi is not installed or cannot be
 *   loaded
 */
export function loadLibc(isWanted: boolean): Libc {
  if (!isWanted) throw new Error("MEETBOT_BATCHED_RECEIVE is off");
  const { platform, arch } = process;
  if (platform !== "linux" || !ARCHITECTURES.includes(arch) || endianness() !== "LE") {
    throw new Error(`it is not known how the C library of ${platform} on ${arch} is called`);
  }
  // An optional dependency: an import would end the process if it is missing.
  const koffi: Koffi = createRequire(import.meta.url)("koffi");
  const library = koffi.load(null);
  const recvmmsg = library.func("int recvmmsg(int, void *, unsigned int, int, void *)");
  const setsockopt = library.func("int setsockopt(int, int, int, void *, unsigned int)");
  const clockGettime = library.func("int clock_gettime(int, void *)");
  const time = new BigInt64Array(TIMESPEC_BYTES / 8);
  const on = Int32Array.of(1);
  return {
    receive: (fd, headers, count) => Number(recvmmsg(fd, headers, count, MSG_DONTWAIT, null)),
    receiveError: () => koffi.errno(),
    noteArrivals: (fd) => setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, on, INT_BYTES) === 0,
    realTimeMs: () => {
      clockGettime(CLOCK_REALTIME, time);
      return Number(time[0]) * 1e3 + Number(time[1]) / 1e6;
    },
    addressOf: (memory) => koffi.address(memory),
  };
}
