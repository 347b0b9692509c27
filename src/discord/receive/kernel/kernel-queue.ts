import type { Socket } from "node:dgram";
import type { Clock } from "../../../recording/ports/clock.ts";
import { ArrivalClock, type ClockReading } from "./arrival-clock.ts";
import type { Libc } from "./libc.ts";
import { BATCH_MESSAGES, MessageBatch } from "./message-batch.ts";
import { ReadPace } from "./read-pace.ts";

export interface KernelQueueOptions {
  readonly clock: Pick<Clock, "nowMs">;
  readonly libc: Libc;
  /** Called before the socket closes; its queue is lost unless it is read now. */
  readonly onClosing: () => void;
}

/** The part of a socket's private Node handle that we use. */
interface UdpHandle {
  /** Negative after it was closed. */
  readonly fd: number;
  recvStart(): number;
  recvStop(): number;
}

/** errno(3) on Linux if the queue is empty. */
const EAGAIN = 11;
/** The kernel counts even the smallest datagram with more than this. */
const LEAST_DATAGRAM_BYTES = 512;
/** The number of readings of the clocks; the one with the shortest interval is used. */
const FIRST_READINGS = 8;

/**
 * The kernel's queue of a bound UDP socket of Node's. `read` reads it instead of Node, many datagrams at a time, each
 * with its arrival time from the kernel. Sending and closing are left to Node.
 */
export class KernelQueue {
  readonly #clock: Pick<Clock, "nowMs">;
  readonly #libc: Libc;
  readonly #handle: UdpHandle;
  readonly #batch: MessageBatch;
  readonly #arrivals: ArrivalClock;
  readonly #pace: ReadPace;
  readonly #mostWaiting: number;
  readonly #socket: Socket;
  #isReading = false;
  /** Stops waiting for a datagram. */
  #unwatch: (() => void) | undefined;
  /** The datagram that ended the wait. */
  #first: Buffer | undefined;

  /** @throws Error if this system or this version of Node does not support it; Node reads the socket then */
  constructor(socket: Socket, { clock, libc, onClosing }: KernelQueueOptions) {
    this.#clock = clock;
    this.#libc = libc;
    this.#socket = socket;
    this.#handle = handleOf(socket);
    this.#batch = new MessageBatch(libc.addressOf);
    // Receives nothing; checks if this system permits the call.
    if (libc.receive(this.#handle.fd, this.#batch.headers, 0) < 0 && libc.receiveError() !== EAGAIN) {
      throw new Error(`recvmmsg is refused with errno ${libc.receiveError()}`);
    }
    if (!libc.noteArrivals(this.#handle.fd)) throw new Error("the kernel notes no times of arrival");
    const readings = Array.from({ length: FIRST_READINGS }, () => this.#readClocks());
    this.#arrivals = new ArrivalClock(readings.reduce((best, other) => (gapMs(other) <= gapMs(best) ? other : best)));
    const bufferBytes = socket.getRecvBufferSize();
    this.#pace = new ReadPace(bufferBytes, clock.nowMs());
    this.#mostWaiting = bufferBytes / LEAST_DATAGRAM_BYTES;
    const close = socket.close.bind(socket);
    socket.close = (...args) => {
      onClosing();
      return close(...args);
    };
    this.#handle.recvStop();
  }

  /** How often it must be read to avoid an overflow. */
  get intervalMs(): number {
    return this.#pace.intervalMs;
  }

  /**
   * Hands out every datagram that has arrived, in order. Under a flood it ends after as many as the socket can hold,
   * which includes all that had arrived when it was called.
   *
   * @param each gets bytes that are overwritten after it returns, and the time of arrival on the monotonic clock. A
   *   call of
   *   `read` from within it does nothing
   */
  read(each: (datagram: Buffer, arrivalMs: number) => void): void {
    if (this.#isReading) return;
    this.#isReading = true;
    try {
      this.#readAll(each);
    } finally {
      this.#isReading = false;
    }
  }

  /**
   * Waits for the next datagram. The process need not wake until then, as it would to read every 100 ms. Node reads that
   * datagram from the socket; `read` hands it out first.
   *
   * @param onArrival called once
   */
  watch(onArrival: () => void): void {
    if (this.#unwatch !== undefined || this.#handle.fd < 0) return;
    const onDatagram = (datagram: Buffer): void => {
      this.#unwatch?.();
      this.#first = datagram;
      onArrival();
    };
    this.#socket.on("message", onDatagram);
    this.#unwatch = () => {
      this.#unwatch = undefined;
      this.#socket.off("message", onDatagram);
      if (this.#handle.fd >= 0) this.#handle.recvStop();
    };
    this.#handle.recvStart();
  }

  /** Node reads nothing any more. */
  unwatch(): void {
    this.#unwatch?.();
  }

  #readAll(each: (datagram: Buffer, arrivalMs: number) => void): void {
    const startMs = this.#clock.nowMs();
    let total = 0;
    while (total < this.#mostWaiting) {
      // Looked up each time: another file may get the number of a closed socket.
      const { fd } = this.#handle;
      const beforeMs = this.#clock.nowMs();
      const count = fd < 0 ? 0 : this.#libc.receive(fd, this.#batch.headers, BATCH_MESSAGES);
      if (count > 0) this.unwatch();
      if (count > 0 || this.#first !== undefined) this.#giveOut(Math.max(count, 0), each);
      total += Math.max(count, 0);
      if (count < BATCH_MESSAGES) {
        this.#arrivals.emptied(beforeMs);
        break;
      }
    }
    this.#pace.note(total, startMs);
  }

  #giveOut(count: number, each: (datagram: Buffer, arrivalMs: number) => void): void {
    this.#arrivals.set(this.#readClocks());
    const first = this.#first;
    this.#first = undefined;
    // Node does not give its time. If the process was stopped, the next one's time is the better estimate.
    if (first !== undefined) each(first, this.#arrivals.place(count > 0 ? this.#batch.arrivedAtMs(0) : undefined));
    for (let index = 0; index < count; index += 1) {
      each(this.#batch.datagram(index), this.#arrivals.place(this.#batch.arrivedAtMs(index)));
    }
    this.#batch.reset(count);
  }

  #readClocks(): ClockReading {
    const beforeMs = this.#clock.nowMs();
    const realTimeMs = this.#libc.realTimeMs();
    return { beforeMs, realTimeMs, afterMs: this.#clock.nowMs() };
  }
}

function gapMs({ beforeMs, afterMs }: ClockReading): number {
  return afterMs - beforeMs;
}

/**
 * The handle is in a private property of Node's, under a symbol of this description since Node 11.
 * `test/discord/receive/kernel/kernel-queue.test.ts` checks that it is there.
 */
function handleOf(socket: Socket): UdpHandle {
  const symbol = Object.getOwnPropertySymbols(socket).find(({ description }) => description === "state symbol");
  const state: unknown = symbol === undefined ? undefined : Reflect.get(socket, symbol);
  const handle: unknown = typeof state === "object" && state !== null ? Reflect.get(state, "handle") : undefined;
  if (!isUdpHandle(handle)) throw new Error("this version of Node keeps the handle of a socket elsewhere");
  return handle;
}

function isUdpHandle(handle: unknown): handle is UdpHandle {
  if (typeof handle !== "object" || handle === null) return false;
  const hasMethods = ["recvStart", "recvStop"].every((name) => typeof Reflect.get(handle, name) === "function");
  return hasMethods && Number(Reflect.get(handle, "fd")) >= 0;
}
