import type { Socket } from "node:dgram";
import { messageOf } from "../../errors.ts";
import type { Clock } from "../../recording/ports/clock.ts";
import { Arrivals } from "./arrivals.ts";
import { KernelQueue } from "./kernel/kernel-queue.ts";
import type { Libc } from "./kernel/libc.ts";

export interface DatagramQueueOptions {
  readonly clock: Pick<Clock, "nowMs" | "every">;
  /** Loads the system's functions that read datagrams from the kernel; throws if that is not possible. */
  readonly loadLibc: () => Libc;
  /** Asks for a call of `take` now: before the socket closes, or if the kernel's buffer is too small to wait. */
  readonly onDue: () => void;
  /** Called once, with the reason, if Node has to read the datagrams one by one. */
  readonly onFallback: (reason: string) => void;
}

/** Processes the datagrams that `take` hands out. */
type TakeDatagram = (datagram: Buffer, arrivalMs: number) => void;

/** The regular interval between two calls of `take`. */
const TAKEN_EVERY_MS = 100;

/**
 * Datagrams that are not processed yet. They wait in the kernel, which records their arrival times, or otherwise in a
 * list of ours.
 */
export class DatagramQueue {
  readonly #options: DatagramQueueOptions;
  readonly #arrivals = new Arrivals();
  #socket: Socket | undefined;
  #kernel: KernelQueue | undefined;
  #hasFallenBack = false;
  #extra: { readonly intervalMs: number; readonly stop: () => void } | undefined;

  constructor(options: DatagramQueueOptions) {
    this.#options = options;
  }

  /** Whether `take` hands out everything that has arrived, even what Node would not have read yet. */
  get isComplete(): boolean {
    return this.#kernel !== undefined;
  }

  /** Adds a datagram that Node has read. */
  add(datagram: Buffer): void {
    this.#arrivals.add(datagram, this.#options.clock.nowMs());
  }

  /**
   * Starts to take datagrams from this socket. It must have no other listeners.
   *
   * @param onDatagram gets each of them if they cannot stay in the kernel
   */
  follow(socket: Socket, onDatagram: (datagram: Buffer) => void): void {
    if (socket === this.#socket && this.#kernel !== undefined) return;
    this.#socket = socket;
    this.#kernel = this.#openKernelQueue(socket);
    if (this.#kernel === undefined) socket.on("message", onDatagram);
  }

  /** Hands them out in order of arrival. The bytes are valid only until the callback returns. */
  take(each: TakeDatagram): void {
    this.#arrivals.take(each);
    if (this.#kernel === undefined) return;
    this.#kernel.read(each);
    this.#setPace(this.#kernel.intervalMs);
  }

  /**
   * Makes the next datagram announce itself, so `take` need not be called until then. Does nothing if Node reads them,
   * because they announce themselves.
   */
  watch(onArrival: () => void): void {
    this.#kernel?.watch(onArrival);
  }

  close(): void {
    this.#kernel?.unwatch();
    this.#kernel = undefined;
    this.#setPace(TAKEN_EVERY_MS);
  }

  #openKernelQueue(socket: Socket): KernelQueue | undefined {
    const { clock, loadLibc, onDue, onFallback } = this.#options;
    try {
      return new KernelQueue(socket, { clock, libc: loadLibc(), onClosing: onDue });
    } catch (error) {
      if (!this.#hasFallenBack) onFallback(messageOf(error));
      this.#hasFallenBack = true;
      return undefined;
    }
  }

  #setPace(intervalMs: number): void {
    if (intervalMs === (this.#extra?.intervalMs ?? TAKEN_EVERY_MS)) return;
    this.#extra?.stop();
    const { clock, onDue } = this.#options;
    this.#extra = intervalMs < TAKEN_EVERY_MS ? { intervalMs, stop: clock.every(intervalMs, onDue) } : undefined;
  }
}
