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
  /** Called once, with the reason, if they are read one by one. */
  readonly onFallback: (reason: string) => void;
  /** Called when somebody sends something after a quiet time. */
  readonly onActivity: () => void;
}

/** Discord voice gateway: keep-alive echo, and type of the IP discovery answer (`u16 type 2`). */
const KEEP_ALIVE_BYTES = 8;
const DISCOVERY_BYTES = 74;
const DISCOVERY_RESPONSE = 2;
/** It is quiet if nobody has sent a packet for this long. Every limit of a packet's wait is shorter. */
const QUIET_AFTER_MS = 10_000;

/**
 * All input from a voice channel, in order of arrival. Datagrams are queued and processed together, so other events
 * could overtake them. Therefore every method that changes anything, and `listener`, process the queue first, and no
 * caller can forget it.
 */
export class VoiceIngress implements SeamIngress {
  readonly #clock: Clock;
  readonly #onKeyEvent: (event: KeyEvent) => void;
  readonly #onActivity: () => void;
  readonly #datagrams: DatagramQueue;
  readonly #messages = new AfterDatagrams();
  readonly #reception: Reception;
  #listener: CallListener | undefined;
  #newestMs: number;
  #isQuiet = false;

  constructor({ onKeyEvent, loadLibc, onFallback, onActivity, ...options }: IngressOptions) {
    const { clock } = options;
    this.#clock = clock;
    this.#datagrams = new DatagramQueue({ clock, loadLibc, onFallback, onDue: () => this.settle() });
    this.#onKeyEvent = onKeyEvent;
    this.#onActivity = onActivity;
    this.#newestMs = clock.nowMs();
    // Events from the packets themselves are already in order.
    this.#reception = new Reception({ ...options, listener: () => this.#listener });
  }

  /** The listener for the call's events; undefined before `listen` and after `close`. */
  get listener(): CallListener | undefined {
    this.settle();
    return this.#listener;
  }

  /** Whether nobody has sent anything for a while. Then `poll` may be called once a second until `onActivity`. */
  get isQuiet(): boolean {
    return this.#isQuiet;
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
      if (isControl(datagram)) return;
      if (this.#isQuiet) this.#endQuiet();
      this.#newestMs = arrivalMs;
      this.#reception.receive(datagram, arrivalMs);
    });
  }

  session(session: VoiceSession): void {
    this.settle();
    this.#reception.start(session);
  }

  datagram(datagram: Buffer): void {
    this.#messages.countDatagram();
    this.#datagrams.add(datagram);
    if (this.#isQuiet) this.settle();
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

  /** Call every 100 ms, because a hole in a speaker's packets waits for 250 ms; once a second is enough in quiet. */
  poll(): void {
    this.settle();
    // A flood before the first key must not fill the memory. There is no listener yet.
    if (!this.#reception.isStarted) this.#datagrams.take(() => undefined);
    const nowMs = this.#clock.nowMs();
    this.#reception.poll(nowMs);
    if (!this.#reception.isStarted || nowMs - this.#newestMs < QUIET_AFTER_MS) return;
    this.#isQuiet = true;
    this.#watch();
  }

  #watch(): void {
    this.#datagrams.watch(() => {
      this.settle();
      // Only a keep-alive came.
      if (this.#isQuiet) this.#watch();
    });
  }

  #endQuiet(): void {
    this.#isQuiet = false;
    this.#onActivity();
    this.#listener?.active();
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
