import type { Socket } from "node:dgram";
import type { Clock } from "../../recording/ports/clock.ts";
import type { CallListener } from "../../recording/ports/voice.ts";
import type { EncryptionState } from "../../session/shapes.ts";
import type { KeyEvent } from "../dave/dave-keeper.ts";
import type { SeamIngress, VoiceSession } from "../voice/voice-seam.ts";
import { AfterDatagrams } from "./after-datagrams.ts";
import { DatagramQueue } from "./datagram-queue.ts";
import type { Libc } from "./kernel/libc.ts";
import { Reception, type ReceptionOptions } from "./reception.ts";

export interface IngressOptions extends Omit<ReceptionOptions, "listener"> {
  /** Reports a step of the end-to-end encryption. */
  readonly onKeyEvent: (event: KeyEvent) => void;
  /** Reads many datagrams at a time from the kernel. If it throws, Node reads them one by one. */
  readonly loadLibc: () => Libc;
}

/** Discord voice gateway: keep-alive echo, and type of the IP discovery answer (`u16 type 2`). */
const KEEP_ALIVE_BYTES = 8;
const DISCOVERY_BYTES = 74;
const DISCOVERY_RESPONSE = 2;

/**
 * All input from a voice channel, in order of arrival. Datagrams are queued and processed together, so other events
 * could overtake them. Therefore every method that changes anything, and `listener`, process the queue first, and no
 * caller can forget it.
 */
export class VoiceIngress implements SeamIngress {
  readonly #clock: Clock;
  readonly #onKeyEvent: (event: KeyEvent) => void;
  readonly #datagrams: DatagramQueue;
  readonly #messages = new AfterDatagrams();
  readonly #reception: Reception;
  #listener: CallListener | undefined;

  constructor({ onKeyEvent, loadLibc, ...options }: IngressOptions) {
    const { clock, onDebug } = options;
    this.#clock = clock;
    this.#datagrams = new DatagramQueue({ clock, loadLibc, onDebug, onDue: () => this.settle() });
    this.#onKeyEvent = onKeyEvent;
    // Events from the packets themselves are already in order.
    this.#reception = new Reception({ ...options, listener: () => this.#listener });
  }

  /** The listener for the call's events; undefined before `listen` and after `close`. */
  get listener(): CallListener | undefined {
    this.settle();
    return this.#listener;
  }

  get deafened(): boolean {
    return this.#reception.deafened;
  }

  /** Whether others can decrypt what is sent now. */
  get hasKeys(): boolean {
    return this.#reception.hasKeys;
  }

  /** Whether a change of keys is in progress. Others may not have our key yet. */
  get isChanging(): boolean {
    return this.#reception.isChanging;
  }

  encryption(): EncryptionState {
    return this.#reception.encryption();
  }

  listen(listener: CallListener): void {
    this.settle();
    this.#listener = listener;
  }

  /** Processes every datagram that has arrived. Before the first transport key they wait for it. */
  settle(): void {
    if (!this.#reception.isStarted) return;
    this.#datagrams.take((datagram, arrivalMs) => {
      if (!isControl(datagram)) this.#reception.receive(datagram, arrivalMs);
    });
  }

  session(session: VoiceSession): void {
    this.settle();
    this.#reception.start(session);
  }

  datagram(datagram: Buffer): void {
    this.#messages.countDatagram();
    this.#datagrams.add(datagram);
  }

  takeSocket(socket: Socket): void {
    this.settle();
    this.#datagrams.follow(socket, (datagram) => this.datagram(datagram));
  }

  message(handle: () => void, takesKeys: boolean): void {
    const handleInPlace = (): void => {
      this.settle();
      handle();
    };
    const mayOvertake = takesKeys && !this.#datagrams.isComplete;
    if (mayOvertake || this.#messages.isWaiting) this.#messages.run(handleInPlace);
    else handleInPlace();
  }

  handleWaitingMessages(): void {
    this.#messages.flush();
  }

  claim(ssrc: number, userId: string): void {
    this.settle();
    this.#reception.claim(ssrc, userId);
  }

  keysChanging(): void {
    this.settle();
    this.#reception.keysChanging();
  }

  keysChanged(): void {
    this.settle();
    this.#reception.keysChanged();
  }

  keyEvent(event: KeyEvent): void {
    this.settle();
    this.#reception.keyEvent(event);
    this.#onKeyEvent(event);
  }

  /** Call when a person has joined the channel. */
  rosterChanged(): void {
    this.settle();
    this.#reception.rosterChanged();
  }

  setDisconnected(isDisconnected: boolean): void {
    this.settle();
    this.#reception.setDisconnected(isDisconnected);
  }

  setDeafened(deafened: boolean): void {
    this.settle();
    this.#reception.setDeafened(deafened);
  }

  /** Call every 100 ms: a hole in a speaker's packets waits for 250 ms. */
  poll(): void {
    this.settle();
    // A flood before the first key must not fill the memory. There is no listener yet.
    if (!this.#reception.isStarted) this.#datagrams.take(() => undefined);
    this.#reception.poll(this.#clock.nowMs());
  }

  /** Waiting packets get their final fate, and the listener gets nothing more. */
  close(): void {
    this.settle();
    this.#datagrams.close();
    this.#reception.close();
    this.#listener = undefined;
  }
}

function isControl(datagram: Buffer): boolean {
  if (datagram.length <= KEEP_ALIVE_BYTES) return true;
  return datagram.length === DISCOVERY_BYTES && datagram.readUInt16BE(0) === DISCOVERY_RESPONSE;
}
