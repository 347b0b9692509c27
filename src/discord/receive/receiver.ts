import type { DropFate } from "../../audio/fates.ts";
import { parseOpusPacket } from "../../audio/opus-packet.ts";
import { parseRtpHeader, RTP_PAYLOAD_TYPE_OPUS, type RtpHeader, stripExtensionAndPadding } from "../../audio/rtp.ts";
import { SeenSequences } from "../../audio/seen-sequences.ts";
import type { VoiceFrame } from "../../recording/ports/voice.ts";
import { type DaveFrame, readDaveFrame } from "../dave/dave-frame.ts";
import { FirstPackets } from "./first-packets.ts";
import {
  type Attempt,
  NOT_TRIED,
  type OpenedPacket,
  type OpenerOptions,
  PacketOpener,
  TRIED_WITHOUT_SUCCESS,
} from "./packet-opener.ts";
import type { TransportDecryptor } from "./transport-decrypt.ts";
import { isSoundless, type WaitingPacket, WaitingRoom } from "./waiting-room.ts";

export interface ReceiverOptions extends OpenerOptions {
  /** Counts voice connections; part of a stream's identity. */
  readonly connection: number;
  readonly transport: TransportDecryptor;
  readonly onFrame: (frame: VoiceFrame) => void;
  /** Their speech was heard: a key opened it, or it may be unencrypted. */
  readonly onHeard: (userId: string) => void;
  /** A packet with sound cannot be opened now. */
  readonly onUnheard: (userId: string | undefined, arrivalMs: number) => void;
  readonly onDrop: (fate: DropFate, userId: string | undefined) => void;
}

/** Sequence numbers remembered for each SSRC; 20 s of 20 ms packets. */
const SEEN_SEQUENCES = 1_024;
/** The most SSRCs that are remembered; a forged SSRC never gets here, because it fails authentication. */
const MAX_SSRCS = 1_024;
const SEQUENCE_MODULUS = 2 ** 16;
/** An encrypted frame with at most this much media is comfort silence or its substitute (RFC 6716 §3.2.1). */
const SOUNDLESS_BYTES = 3;

/**
 * Turns the datagrams of one voice connection into frames: RTP, transport decryption, speaker, end-to-end decryption,
 * Opus framing. Each datagram becomes a frame or a drop with a reason, or waits; none lets an error escape.
 */
export class Receiver {
  readonly #options: ReceiverOptions;
  readonly #opener: PacketOpener;
  readonly #first = new FirstPackets();
  readonly #waiting = new WaitingRoom();
  readonly #seen = new Map<number, SeenSequences>();
  /** Grows with each known change of keys. */
  #keys = 0;
  #nowMs = 0;

  constructor(options: ReceiverOptions) {
    this.#options = options;
    this.#opener = new PacketOpener(options);
  }

  /** @param arrivalMs on the monotonic clock */
  receive(datagram: Buffer, arrivalMs: number): void {
    this.#nowMs = arrivalMs;
    const header = parseRtpHeader(datagram);
    if (header === undefined || header.payloadType !== RTP_PAYLOAD_TYPE_OPUS) {
      this.#options.onDrop("not_rtp", undefined);
      return;
    }
    const plaintext = this.#options.transport.open(datagram, header);
    if (plaintext === undefined) {
      this.#options.onDrop("auth_failed", undefined);
      return;
    }
    this.#receivePayload(header, plaintext, arrivalMs);
  }

  /** Call when the voice gateway names the speaker of an SSRC. */
  claim(ssrc: number, userId: string): void {
    if (!this.#opener.claim(ssrc, userId)) return;
    this.#waiting.markSsrcUntried(ssrc);
    this.#retry(ssrc);
  }

  /** Call before keys change: packets that wait for their turn under the old keys are opened now. */
  openHeld(): void {
    for (const packet of this.#first.takeDue(Number.POSITIVE_INFINITY)) this.#attempt(packet);
  }

  /** Call when keys or people in the channel have changed: tries waiting packets again. */
  retryAll(): void {
    this.#keys += 1;
    this.#opener.searchAgain();
    this.#waiting.markUntried();
    for (const ssrc of this.#waiting.untriedSsrcs()) this.#retry(ssrc);
  }

  /** Tries untried packets, and gives up those that have waited too long. Call every 100 ms: a hole waits for 250. */
  poll(nowMs: number): void {
    this.#nowMs = nowMs;
    for (const packet of this.#first.takeDue(nowMs)) this.#attempt(packet);
    for (const ssrc of this.#waiting.untriedSsrcs()) this.#retry(ssrc);
    for (const packet of this.#waiting.takeExpired(nowMs)) this.#finish(packet);
  }

  /** Call at the end of this connection. */
  close(): void {
    this.openHeld();
    for (const packet of this.#waiting.takeExpired(Number.POSITIVE_INFINITY)) this.#finish(packet);
    this.#options.transport.close();
  }

  #receivePayload(header: RtpHeader, plaintext: Buffer, arrivalMs: number): void {
    const { ssrc, sequence } = header;
    const payload = stripExtensionAndPadding(header, plaintext);
    const owner = this.#opener.ownerOf(ssrc);
    if (payload === undefined) {
      this.#options.onDrop("malformed_opus", owner);
      return;
    }
    const frame = this.#options.dave() === undefined ? undefined : readDaveFrame(payload);
    // Duplicates are found before the end-to-end layer, which refuses a packet that it has opened once.
    if (this.#isDuplicate(ssrc, sequence, frame)) {
      this.#options.onDrop("duplicate", owner);
      return;
    }
    this.#admit({ header, payload, arrivalMs }, frame);
  }

  /** Opens the packet, or if it is one of the first under its key, the packets whose turn it is. */
  #admit(packet: WaitingPacket, frame: DaveFrame | undefined): void {
    if (frame === undefined) this.#attempt(packet);
    else for (const inTurn of this.#first.admit(packet, frame.nonce, this.#keys)) this.#attempt(inTurn);
  }

  #attempt(packet: WaitingPacket): void {
    const { ssrc } = packet.header;
    if (this.#waiting.has(ssrc)) {
      // Silence needs no key. If it overtook speech that waits for a key, it would leave a hole that is given up.
      if (isSoundless(packet) && !this.#opener.isContinuation(packet)) {
        this.#wait(packet, true);
        return;
      }
      this.#retry(ssrc);
    }
    const isBehindUntried = !this.#waiting.isTried(ssrc);
    const attempt: Attempt = isBehindUntried ? NOT_TRIED : this.#opener.open(packet, this.#nowMs);
    if (attempt.kind === "locked") this.#lock(packet, attempt.isTried);
    else this.#take(packet, attempt);
  }

  #lock(packet: WaitingPacket, isTried: boolean): void {
    this.#wait(packet, isTried);
    const { header, payload, arrivalMs } = packet;
    const mediaBytes = readDaveFrame(payload)?.mediaBytes ?? payload.length;
    if (mediaBytes > SOUNDLESS_BYTES) this.#options.onUnheard(this.#opener.ownerOf(header.ssrc), arrivalMs);
  }

  /** Two people may send under one SSRC, with the same numbers: only a frame with the same tag came before. */
  #isDuplicate(ssrc: number, sequence: number, frame: DaveFrame | undefined): boolean {
    const id = frame === undefined ? sequence : sequence + SEQUENCE_MODULUS * (1 + frame.tagStart);
    let seen = this.#seen.get(ssrc);
    if (seen === undefined) {
      if (this.#seen.size >= MAX_SSRCS) this.#seen.clear();
      seen = new SeenSequences(SEEN_SEQUENCES);
      this.#seen.set(ssrc, seen);
    }
    if (seen.has(id)) return true;
    seen.add(id);
    return false;
  }

  #wait(packet: WaitingPacket, isTried: boolean): void {
    const displaced = this.#waiting.add(packet, isTried);
    if (displaced !== undefined) this.#finish(displaced);
  }
  /** Tries the waiting packets of an SSRC again; those that still do not open keep waiting. */
  #retry(ssrc: number): void {
    if (this.#waiting.isTried(ssrc)) return;
    const { packets, tried } = this.#waiting.take(ssrc);
    let left: WaitingPacket[] = [];
    let triedLeft = 0;
    let isStopped = false;
    for (const [index, packet] of packets.entries()) {
      const isNext = left.length === 0 || this.#opener.isContinuation(packet);
      const isTurn: boolean = isSoundless(packet) ? isNext : index >= tried && !isStopped;
      const attempt: Attempt = isTurn ? this.#opener.open(packet, this.#nowMs) : TRIED_WITHOUT_SUCCESS;
      if (attempt.kind === "locked") {
        left.push(packet);
        isStopped ||= !attempt.isTried;
        if (!isStopped) triedLeft += 1;
        continue;
      }
      if (attempt.kind === "opened" && attempt.by === "key" && !this.#opener.isShared(ssrc)) {
        for (const older of left) this.#finish(older);
        left = [];
        triedLeft = 0;
      }
      this.#take(packet, attempt);
    }
    this.#waiting.putBack(ssrc, { packets: left, tried: triedLeft });
  }

  #take(packet: WaitingPacket, attempt: Exclude<Attempt, { kind: "locked" }>): void {
    if (attempt.kind === "dropped") {
      this.#options.onDrop(attempt.fate, this.#opener.ownerOf(packet.header.ssrc));
      return;
    }
    if (attempt.by !== "silence") this.#options.onHeard(attempt.userId);
    if (attempt.by === "key") this.#finishBefore(packet, attempt.isNews === true);
    this.#deliver(packet, attempt);
  }

  /**
   * An earlier packet of this sender that does not open with this key or an older one never will. If others send under
   * the SSRC too, it may be theirs, and keeps waiting.
   */
  #finishBefore(packet: WaitingPacket, mayOpen: boolean): void {
    const isShared = this.#opener.isShared(packet.header.ssrc);
    if (isShared && !mayOpen) return;
    for (const older of this.#waiting.takeBefore(packet)) {
      const attempt = mayOpen ? this.#opener.open(older, this.#nowMs) : TRIED_WITHOUT_SUCCESS;
      if (attempt.kind !== "locked") this.#take(older, attempt);
      else if (isShared) this.#wait(older, true);
      else this.#finish(older);
    }
  }

  #deliver({ header, payload, arrivalMs }: WaitingPacket, { userId, opus, by }: OpenedPacket): void {
    const isPadding = payload.length === 0;
    const durationSamples = isPadding ? 0 : parseOpusPacket(opus)?.durationSamples;
    if (durationSamples === undefined) {
      this.#options.onDrop("malformed_opus", userId);
      return;
    }
    this.#options.onFrame({
      userId,
      ssrc: header.ssrc,
      connection: this.#options.connection,
      sequence: header.sequence,
      rtpTimestamp: header.rtpTimestamp,
      arrivalMs,
      opus,
      durationSamples,
      isProven: by === "key",
    });
  }

  /** Its wait is over. Silence has only waited for its turn. */
  #finish(packet: WaitingPacket): void {
    const attempt = isSoundless(packet) ? this.#opener.open(packet, this.#nowMs) : TRIED_WITHOUT_SUCCESS;
    if (attempt.kind !== "locked") {
      this.#take(packet, attempt);
      return;
    }
    const owner = this.#opener.ownerOf(packet.header.ssrc);
    this.#options.onDrop(owner === undefined ? "unattributed" : "dave_undecryptable", owner);
  }
}
