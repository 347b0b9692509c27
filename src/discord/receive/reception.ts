import { carriesSound } from "../../audio/silence.ts";
import type { Clock } from "../../recording/ports/clock.ts";
import type { CallListener } from "../../recording/ports/voice.ts";
import type { CallEnd } from "../../session/exit.ts";
import type { EncryptionState } from "../../session/shapes.ts";
import type { KeyEvent } from "../dave/dave-keeper.ts";
import { acceptsClear, type DavePhase, firstPhase, isChanging, stepPhase } from "../dave/dave-phase.ts";
import { KeyHistory } from "../dave/key-history.ts";
import type { VoiceRoster } from "../guild/roster.ts";
import type { VoiceSession } from "../voice/voice-seam.ts";
import { Hearing, type Sender } from "./hearing.ts";
import type { Openssl } from "./kernel/openssl.ts";
import { Receiver } from "./receiver.ts";
import { createTransportDecryptor } from "./transport-decrypt.ts";

export interface ReceptionOptions {
  readonly clock: Clock;
  readonly roster: () => VoiceRoster | undefined;
  /** Whether to record unencrypted frames that Discord's own clients would not play. */
  readonly recordsPlaintext: boolean;
  /** Receives events, once there is a listener. */
  readonly listener: () => CallListener | undefined;
  /** Joins the encrypted group again. */
  readonly regroup: () => void;
  /** Leaves the channel and joins it again. */
  readonly rejoin: () => void;
  readonly end: (end: CallEnd) => void;
  readonly onDebug: (message: string) => void;
  /** OpenSSL, if it can be called directly. */
  readonly openssl: () => Openssl | undefined;
}

/**
 * Receives over one voice connection after another, and decides if it can be heard. It connects the current receiver,
 * the state of the keys, and their reports about each speaker.
 */
export class Reception {
  readonly #options: ReceptionOptions;
  readonly #keys = new KeyHistory();
  readonly #hearing: Hearing;
  readonly #unencrypted = new Set<string>();
  #receiver: Receiver | undefined;
  #phase: DavePhase;
  #connections = 0;

  constructor(options: ReceptionOptions) {
    this.#options = options;
    this.#phase = firstPhase(0, options.clock.nowMs());
    this.#hearing = new Hearing({
      connection: (state) => options.listener()?.connection(state),
      regroup: () => {
        options.onDebug("speech cannot be decrypted: joining the encrypted group again");
        this.keysChanging();
        options.regroup();
      },
      rejoin: () => {
        const text = "people speak, but nothing can be heard; the bot leaves the channel and joins it again";
        options.listener()?.warning("capture_stalled", text);
        options.rejoin();
      },
      end: (end) => options.end(end),
      unheardSpeaker: (userId, isOutsider) => this.#warnOf(userId, isOutsider ? OUTSIDER : UNDECRYPTABLE),
    });
  }

  /** Whether there is a connection. */
  get isStarted(): boolean {
    return this.#receiver !== undefined;
  }

  get deafened(): boolean {
    return this.#hearing.deafened;
  }

  /** Whether others can decrypt what is sent now. */
  get hasKeys(): boolean {
    return this.#keys.hasKeys;
  }

  /** Whether a change of keys is in progress. Others may then lack the keys that davey encrypts with. */
  get isChanging(): boolean {
    return isChanging(this.#phase, this.#options.clock.nowMs());
  }

  encryption(): EncryptionState {
    return this.#keys.summary();
  }

  /** Starts over with SSRCs and keys, for a new voice connection or transport key. */
  start({ encryptionMode, secretKey, dave }: VoiceSession): void {
    this.#receiver?.close();
    this.#phase = firstPhase(dave()?.protocolVersion ?? 0, this.#options.clock.nowMs());
    this.#keys.follow(dave);
    this.#hearing.connected();
    this.#connections += 1;
    this.#receiver = new Receiver({
      connection: this.#connections,
      transport: createTransportDecryptor(encryptionMode, secretKey, this.#options.openssl()),
      dave,
      candidates: () => this.#options.roster()?.userIds() ?? [],
      takesClear: (userId, arrivalMs, opus) => this.#takesClear(userId, arrivalMs, opus),
      onFrame: (frame) => this.#options.listener()?.frame(frame),
      onHeard: (userId) => this.#hearing.noteHeard(userId),
      onUnheard: (userId, arrivalMs) => this.#hearing.noteUnheard(this.#senderOf(userId), arrivalMs),
      onDrop: (fate, userId) => this.#options.listener()?.dropped(fate, userId),
    });
  }

  receive(datagram: Buffer, arrivalMs: number): void {
    this.#receiver?.receive(datagram, arrivalMs);
  }

  claim(ssrc: number, userId: string): void {
    this.#receiver?.claim(ssrc, userId);
  }

  /** Call when a person has joined, because their key may open unclaimed packets. */
  rosterChanged(): void {
    this.#receiver?.retryAll();
  }

  keysChanging(): void {
    this.#receiver?.openHeld();
  }

  keysChanged(): void {
    this.#keys.note();
    this.#receiver?.retryAll();
  }

  keyEvent(event: KeyEvent): void {
    const { phase, note } = stepPhase(this.#phase, event, this.#options.clock.nowMs());
    this.#phase = phase;
    if (note.kind === "executed") this.#hearing.noteKeyChange(note.begunMs);
    else if (note.kind === "unknown_transition") this.#options.onDebug("a transition that we do not know was executed");
  }

  poll(nowMs: number): void {
    this.#receiver?.poll(nowMs);
    this.#hearing.poll(nowMs, this.#phase);
  }

  setDisconnected(isDisconnected: boolean): void {
    this.#hearing.setDisconnected(isDisconnected);
  }

  setDeafened(deafened: boolean): void {
    this.#hearing.setDeafened(deafened);
  }

  /** Waiting packets get their final fate. */
  close(): void {
    this.#receiver?.close();
    this.#receiver = undefined;
  }

  #senderOf(userId: string | undefined): Sender {
    if (userId === undefined) return { kind: "member", userId };
    if (this.#options.roster()?.personOf(userId)?.bot === true) return { kind: "bot", userId };
    // If we may have missed a commit, a person outside our group may be in everyone else's.
    const isOutsider = !this.#phase.isDoubtful && this.#keys.isOutsideGroup(userId);
    return { kind: isOutsider ? "outsider" : "member", userId };
  }

  #takesClear(userId: string, arrivalMs: number, opus: Buffer): boolean {
    if (acceptsClear(this.#phase, arrivalMs)) return true;
    const { recordsPlaintext } = this.#options;
    if (recordsPlaintext) this.#keys.countPlaintext();
    if (!carriesSound(opus)) return recordsPlaintext;
    if (!this.#unencrypted.has(userId)) {
      this.#unencrypted.add(userId);
      this.#warnOf(userId, recordsPlaintext ? RECORDED_PLAINTEXT : PLAINTEXT);
    }
    const isBot = this.#options.roster()?.personOf(userId)?.bot === true;
    if (!recordsPlaintext) this.#hearing.noteUnheard({ kind: isBot ? "bot" : "unencrypted", userId }, arrivalMs);
    return recordsPlaintext;
  }

  #warnOf(userId: string, { code, text }: SpeakerWarning): void {
    const name = this.#options.roster()?.personOf(userId)?.displayName;
    const who = name === undefined ? userId : `${name} (${userId})`;
    this.#options.listener()?.warning(code, `${who} ${text}`);
  }
}

interface SpeakerWarning {
  readonly code: string;
  readonly text: string;
}

const OUTSIDER: SpeakerWarning = {
  code: "speaker_outside_group",
  text: "speaks, but is not in the call's encrypted group: nobody in the call has a key for it, so it is not recorded",
};
const UNDECRYPTABLE: SpeakerWarning = {
  code: "speaker_undecryptable",
  text: "speaks, but none of their keys opens it, so it is not recorded; the others are not affected",
};
const PLAINTEXT: SpeakerWarning = {
  code: "speaker_not_encrypted",
  text: "sends audio without end-to-end encryption in an encrypted call, so it is not recorded",
};
const RECORDED_PLAINTEXT: SpeakerWarning = {
  code: "plaintext_recorded",
  text: "sends audio without end-to-end encryption in an encrypted call; it is recorded because the settings say so",
};
