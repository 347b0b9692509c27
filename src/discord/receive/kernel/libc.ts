import type { Koffi } from "./koffi.ts";

/** The functions of the C library for reading a socket's queue. */
export interface Libc {
  /** recvmmsg(2) without waiting. @returns how many messages were received; -1 if none */
  receive(fd: number, headers: NodeJS.ArrayBufferView, count: number): number;
  /** Why the last call of `receive` failed (errno). */
  receiveError(): number;
  /** Makes the kernel record the arrival time of each datagram of the socket. @returns whether that worked */
  noteArrivals(fd: number): boolean;
  /** CLOCK_REALTIME, in milliseconds since 1970. The kernel's arrival times are of this clock. */
  realTimeMs(): number;
  addressOf(memory: NodeJS.ArrayBufferView): bigint;
}

/** The numbers below are those of Linux on x64 and arm64. */
const SOL_SOCKET = 1;
const SO_TIMESTAMPNS = 35;
const MSG_DONTWAIT = 0x40;
const CLOCK_REALTIME = 0;
const TIMESPEC_BYTES = 16;
const INT_BYTES = 4;

/** @throws Error if the C library lacks one of them */
export function loadLibc(koffi: Koffi): Libc {
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
