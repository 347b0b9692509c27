import type { Socket } from "node:dgram";
import { messageOf } from "../../errors.ts";
import type { Clock } from "../../recording/ports/clock.ts";
import { Arrivals } from "./arrivals.ts";
import { KernelQueue } from "./kernel/kernel-queue.ts";
import type { Libc } from "./kernel/libc.ts";

export interface DatagramQueueOptions {
  readonly clock: Pick<Clock, "nowMs" | "every">;
  /** Gives what it takes to leave datagrams in the kernel until they are processed, or throws if they cannot stay there. */
  readonly loadLibc: () => Libc;
  /** Called from time to time in between, if the kernel's buffer is too small to wait for `take`. */
  readonly onDue: () => void;
  readonly onDebug: (message: string) => void;
}

/** What processes those of them that come to `take`. */
type TakeDatagram = (datagram: Buffer, arrivalMs: number) => void;

/** Whoever else takes the queue of `take` calls it so often. */
const TAKEN_EVERY_MS = 100;

/**
 * Datagrams that have arrived and were not processed yet. They wait in the kernel, which notes the times of their arrival,
 * or if that is not possible in a list of ours.
 */
export class DatagramQueue {
  readonly #options: DatagramQueueOptions;
  readonly #arrivals = new Arrivals();
  #socket: Socket | undefined;
  #kernel: KernelQueue | undefined;
  #extra: { readonly intervalMs: number; readonly stop: () => void } | undefined;

  constructor(options: DatagramQueueOptions) {
    this.#options = options;
  }

  /** Whether `take` gives out everything that has arrived, also what Node would not have read yet. */
  get isComplete(): boolean {
    return this.#kernel !== undefined;
  }

  add(datagram: Buffer): void {
    this.#arrivals.add(datagram, this.#options.clock.nowMs());
  }

  /**
   * Datagrams come from this socket from now on. Nobody else may listen to it.
   *
   * @param onDatagram gets each of them if they cannot stay in the kernel
   */
  follow(socket: Socket, onDatagram: (datagram: Buffer) => void): void {
    if (socket === this.#socket && this.#kernel !== undefined) return;
    this.#socket = socket;
    this.#kernel = this.#openKernelQueue(socket);
    if (this.#kernel === undefined) socket.on("message", onDatagram);
  }

  /** Gives them out in the order in which they came. The bytes are the taker's only until it returns. */
  take(each: TakeDatagram): void {
    this.#arrivals.take(each);
    if (this.#kernel === undefined) return;
    this.#kernel.read(each);
    this.#setPace(this.#kernel.intervalMs);
  }

  close(): void {
    this.#kernel = undefined;
    this.#setPace(TAKEN_EVERY_MS);
  }

  #openKernelQueue(socket: Socket): KernelQueue | undefined {
    const { clock, loadLibc, onDue, onDebug } = this.#options;
    try {
      return new KernelQueue(socket, { clock, libc: loadLibc(), onClosing: onDue });
    } catch (error) {
      onDebug(`datagrams are read one by one: ${messageOf(error)}`);
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
