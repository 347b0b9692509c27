import type { DropFate } from "../audio/fates.ts";
import { parseOpusPacket } from "../audio/opus-packet.ts";
import { parseRtpHeader, RTP_PAYLOAD_TYPE_OPUS, type RtpHeader, stripExtensionAndPadding } from "../audio/rtp.ts";
import { SeenSequences } from "../audio/seen-sequences.ts";
import type { VoiceFrame } from "../recording/ports.ts";
import { type DaveState, findSender, openFrame } from "./decrypt.ts";
import { FirstPackets } from "./first-packets.ts";
import { Speakers, type WaitingPacket } from "./speakers.ts";
import type { TransportDecryptor } from "./transport-decrypt.ts";

export interface ReceiverOptions {
  /** Counts voice connections; part of a stream's identity. */
  readonly connection: number;
  readonly transport: TransportDecryptor;
  /** The connection's end-to-end state now; undefined where the call has none. */
  readonly dave: () => DaveState | undefined;
  /** People in the channel, without ourselves: whose keys may open a packet that nobody claimed. */
  readonly candidates: () => Iterable<string>;
  readonly onFrame: (frame: VoiceFrame) => void;
  /** A datagram of somebody waits for its speaker or its key. */
  readonly onWaiting: () => void;
  readonly onDrop: (fate: DropFate, userId: string | undefined) => void;
}

/** Keys are tried on an SSRC's unattributed packets this often at the most: each try costs microseconds a member. */
const SEARCH_INTERVAL_MS = 100;
/** Sequence numbers remembered for each SSRC; 20 s of 20 ms packets. */
const SEEN_SEQUENCES = 1_024;
/** SSRCs for which they are remembered; a forged SSRC never gets here, because it fails authentication. */
const MAX_SSRCS = 1_024;

/**
 * One voice connection's way from datagram to frame: RTP, transport decryption, speaker, end-to-end decryption, Opus
 * framing. Each datagram ends as a frame, as a named drop, or in the waiting room; none throws past itself.
 */
export class Receiver {
  readonly #options: ReceiverOptions;
  readonly #speakers = new Speakers();
  readonly #first = new FirstPackets();
  readonly #seen = new Map<number, SeenSequences>();
  readonly #lastSearchMs = new Map<number, number>();

  constructor(options: ReceiverOptions) {
    this.#options = options;
  }

  /** @param arrivalMs on the monotonic clock */
  receive(datagram: Buffer, arrivalMs: number): void {
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

  /** The voice gateway says who speaks on an SSRC. */
  claim(ssrc: number, userId: string): void {
    this.#speakers.claim(ssrc, userId);
    this.#retry(ssrc);
  }

  /** Keys are about to change: what waits for its turn under the old ones has it now. */
  openHeld(): void {
    for (const packet of this.#first.takeDue(Number.POSITIVE_INFINITY)) this.#attempt(packet);
  }

  /** Keys have changed: what could not be opened may open now. */
  retryAll(): void {
    this.#lastSearchMs.clear();
    for (const ssrc of this.#speakers.waitingSsrcs()) this.#retry(ssrc);
  }

  /** Tries again what waits, and gives up on what has waited too long. Call every 100 ms: a hole waits for 250. */
  poll(nowMs: number): void {
    for (const packet of this.#first.takeDue(nowMs)) this.#attempt(packet);
    for (const ssrc of this.#speakers.waitingSsrcs()) this.#retry(ssrc);
    for (const packet of this.#speakers.takeExpired(nowMs)) this.#giveUp(packet);
  }

  /** Whether anything waits for its speaker or its key. */
  get hasWaiting(): boolean {
    return this.#speakers.waitingSsrcs().length > 0;
  }

  /** Nothing more will come on this connection. */
  close(): void {
    this.openHeld();
    for (const packet of this.#speakers.takeExpired(Number.POSITIVE_INFINITY)) this.#giveUp(packet);
  }

  #receivePayload(header: RtpHeader, plaintext: Buffer, arrivalMs: number): void {
    const { ssrc, sequence } = header;
    const payload = stripExtensionAndPadding(header, plaintext);
    const owner = this.#speakers.ownerOf(ssrc);
    if (payload === undefined) {
      this.#options.onDrop("malformed_opus", owner);
      return;
    }
    // Before the end-to-end layer, which refuses a packet that it has opened once.
    if (this.#isDuplicate(ssrc, sequence)) {
      this.#options.onDrop("duplicate", owner);
      return;
    }
    this.#admit({ header, payload, arrivalMs });
  }

  /** Opens the packet, or where it is one of its stream's first, those whose turn it is. */
  #admit(packet: WaitingPacket): void {
    const dave = this.#options.dave();
    const epoch = dave?.session === undefined || dave.protocolVersion === 0 ? undefined : dave.session.epoch;
    if (epoch === undefined || this.#first.isThrough(packet.header.ssrc, epoch)) {
      this.#attempt(packet);
      return;
    }
    for (const inTurn of this.#first.admit(packet, epoch)) this.#attempt(inTurn);
  }

  #attempt(packet: WaitingPacket): void {
    if (this.#open(packet)) return;
    this.#options.onWaiting();
    this.#wait(packet);
  }

  #isDuplicate(ssrc: number, sequence: number): boolean {
    let seen = this.#seen.get(ssrc);
    if (seen === undefined) {
      if (this.#seen.size >= MAX_SSRCS) this.#seen.clear();
      seen = new SeenSequences(SEEN_SEQUENCES);
      this.#seen.set(ssrc, seen);
    }
    if (seen.has(sequence)) return true;
    seen.add(sequence);
    return false;
  }

  #openOrWait(packet: WaitingPacket): void {
    if (!this.#open(packet)) this.#wait(packet);
  }

  #wait(packet: WaitingPacket): void {
    const displaced = this.#speakers.wait(packet);
    if (displaced !== undefined) this.#giveUp(displaced);
  }

  /** Tries what waits for an SSRC again; what still does not open keeps waiting. */
  #retry(ssrc: number): void {
    for (const packet of this.#speakers.takeWaiting(ssrc)) this.#openOrWait(packet);
  }

  /** Passes the packet on as its speaker's frame, where speaker and key are there. */
  #open(packet: WaitingPacket): boolean {
    const { header, payload } = packet;
    const dave = this.#options.dave();
    const owner = this.#speakers.ownerOf(header.ssrc);
    if (payload.length === 0) {
      if (owner === undefined) this.#options.onDrop("padding_only", undefined);
      else this.#deliver(packet, owner, payload);
      return true;
    }
    if (owner !== undefined) {
      const result = openFrame(dave, owner, payload);
      if (result.kind === "opened") {
        this.#deliver(packet, owner, result.opus);
        return true;
      }
      if (result.kind === "not_ready") return false;
    }
    const sender = this.#search(packet, dave, owner);
    if (sender === undefined) return false;
    // The key that opens a packet proves who sent it, whatever was announced for its SSRC.
    this.#speakers.claim(header.ssrc, sender.userId);
    this.#deliver(packet, sender.userId, sender.opus);
    return true;
  }

  #search(packet: WaitingPacket, dave: DaveState | undefined, owner: string | undefined) {
    const { ssrc } = packet.header;
    const last = this.#lastSearchMs.get(ssrc) ?? Number.NEGATIVE_INFINITY;
    if (packet.arrivalMs - last < SEARCH_INTERVAL_MS && packet.arrivalMs >= last) return undefined;
    this.#lastSearchMs.set(ssrc, packet.arrivalMs);
    const others = [...this.#options.candidates()].filter((userId) => userId !== owner);
    return findSender(dave, packet.payload, others);
  }

  #deliver({ header, payload, arrivalMs }: WaitingPacket, userId: string, opus: Buffer): void {
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
    });
  }

  #giveUp({ header }: WaitingPacket): void {
    const owner = this.#speakers.ownerOf(header.ssrc);
    this.#options.onDrop(owner === undefined ? "unattributed" : "dave_undecryptable", owner);
  }
}
