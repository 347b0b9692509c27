import { fillGap } from "../../audio/gap-fill.ts";
import { OggOpusWriter } from "../../audio/ogg/ogg-opus.ts";
import { PageRun } from "../../audio/ogg/ogg-page.ts";
import { MIN_FRAME_SAMPLES } from "../../audio/opus-packet.ts";
import type { PartPackets } from "../../session/shapes.ts";
import type { SpooledFile, SpoolWriter } from "../ports/spool.ts";

/**
 * Pages of silence that are made at once: 40 minutes, 130 KB, about a millisecond. 20 people who all speak for the first
 * time after four hours must not keep the others waiting.
 */
const RUN_PAGES = 2_500;
/** A disk that has so much to write gets no silence on top. */
const BUSY_BYTES = 250_000;

export function noPackets(): PartPackets {
  return { received: 0, lost: 0, concealed: 0, late: 0, duplicate: 0, undecryptable: 0, unattributed: 0 };
}

export interface TakenBack {
  /** Received packets. */
  readonly packets: number;
  /** How much sound is in them. */
  readonly soundSamples: number;
  /** Session position up to which the part's pages go. */
  readonly writtenToSamples: number;
}

export interface PartOptions {
  readonly name: string;
  /** 1 for a speaker's first part. */
  readonly number: number;
  /** Session position of the part's first sample. */
  readonly startSamples: number;
  readonly serial: number;
  readonly vendor: string;
  readonly tags: Readonly<Record<string, string>>;
  /** Called for each page with the time that its oldest packet waited. */
  readonly onPage: (waitedMs: number) => void;
}

/**
 * One file of one speaker: packets at session positions in, Ogg pages out, every missing moment filled.
 */
export class Part {
  readonly name: string;
  readonly number: number;
  readonly startSamples: number;
  readonly packets: PartPackets = noPackets();
  readonly #ogg: OggOpusWriter;
  readonly #writer: SpoolWriter;
  readonly #onPage: PartOptions["onPage"];
  /** The received packet that was written last. */
  #lastReceived: { toc: number; durationSamples: number } | undefined;
  /** When the oldest packet that is on no page yet was added. */
  #pendingSinceMs: number | undefined;
  /** Received packets that are on no page yet, and how much sound is in them. */
  #pendingPackets = 0;
  #pendingSoundSamples = 0;
  #soundSamples = 0;
  /** Silence that is made bit by bit, and the pages behind it. */
  #waiting: (Buffer | PageRun)[] = [];
  #closed: Promise<SpooledFile> | undefined;

  constructor(options: PartOptions, writer: SpoolWriter) {
    this.name = options.name;
    this.number = options.number;
    this.startSamples = options.startSamples;
    this.#ogg = new OggOpusWriter(options);
    this.#writer = writer;
    this.#onPage = options.onPage;
    this.#writer.append(this.#ogg.begin());
  }

  /** Why its file can never be whole; undefined while nothing is known to be wrong. */
  get failure(): unknown {
    return this.#writer.failure;
  }

  /** How much of the received packets is sound. */
  get soundSamples(): number {
    return this.#soundSamples;
  }

  get durationSamples(): number {
    return this.#ogg.samples;
  }

  /** Session position at which the next packet would follow without a gap. */
  get endSamples(): number {
    return this.startSamples + this.durationSamples;
  }

  /** Fills up to a session position, to within 2.5 ms. Counts `lost` packets as lost in the gap. */
  fillTo(positionSamples: number, lost: number, nowMs: number): void {
    this.packets.lost += lost;
    const gapSamples = positionSamples - this.endSamples;
    if (gapSamples < MIN_FRAME_SAMPLES) return;
    const fill = fillGap(gapSamples, { lastReceived: this.#lastReceived, lost });
    for (const { packet, durationSamples, count } of fill.runs) {
      for (const piece of this.#ogg.addRun(packet, durationSamples, count)) this.#append(piece, nowMs);
      if (this.#ogg.pending) this.#pendingSinceMs ??= nowMs;
    }
    this.advance();
    if (fill.concealedSamples > 0) this.packets.concealed += lost;
  }

  /**
   * Writes a received packet where the last one ended.
   *
   * @param sounds whether there is sound in it
   */
  write(packet: Buffer, durationSamples: number, sounds: boolean, nowMs: number): void {
    this.#add(packet, durationSamples, nowMs);
    this.packets.received += 1;
    this.#pendingPackets += 1;
    if (sounds) {
      this.#pendingSoundSamples += durationSamples;
      this.#soundSamples += durationSamples;
    }
    this.#lastReceived ??= { toc: 0, durationSamples: 0 };
    this.#lastReceived.toc = packet[0] ?? 0;
    this.#lastReceived.durationSamples = durationSamples;
  }

  /** Puts the packets that wait for a page on one, so that a kill does not lose them. */
  flush(nowMs: number): void {
    const page = this.#pendingSinceMs === undefined ? undefined : this.#ogg.flush();
    if (page !== undefined) this.#append(page, nowMs);
  }

  /** Hands on a bit of the silence that waits, unless the disk is busy. Call a few times a second. */
  advance(): void {
    if (this.#writer.waitingBytes < BUSY_BYTES) this.#handOn(RUN_PAGES);
  }

  /** Takes back the packets that are on no page yet. A part that has no page so far gets silence in their place. */
  takeBackUnwritten(nowMs: number): TakenBack {
    const [packets, soundSamples] = [this.#pendingPackets, this.#pendingSoundSamples];
    this.#forgetPending();
    this.packets.received -= packets;
    this.#soundSamples -= soundSamples;
    const samples = this.#ogg.takeBackUnwritten();
    const writtenToSamples = this.endSamples;
    if (this.durationSamples === 0) this.fillTo(this.startSamples + samples, 0, nowMs);
    return { packets, soundSamples, writtenToSamples };
  }

  /** Ends the stream. Idempotent. */
  close(): Promise<SpooledFile> {
    this.#closed ??= this.#end();
    return this.#closed;
  }

  #end(): Promise<SpooledFile> {
    this.#handOn(Number.POSITIVE_INFINITY);
    const { page, replacesLast } = this.#ogg.end();
    if (replacesLast) this.#writer.replaceLast(page);
    else this.#writer.append(page);
    return this.#writer.close();
  }

  /** @param runPages how many pages of silence at most */
  #handOn(runPages: number): void {
    let left = runPages;
    while (left > 0) {
      const [piece] = this.#waiting;
      if (piece === undefined) return;
      if (!(piece instanceof PageRun)) this.#writer.append(piece);
      else {
        const { left: before } = piece;
        this.#writer.append(piece.take(left));
        left -= before - piece.left;
        if (piece.left > 0) return;
      }
      this.#waiting.shift();
    }
  }

  #add(packet: Buffer, durationSamples: number, nowMs: number): void {
    const page = this.#ogg.add(packet, durationSamples);
    if (page !== undefined) this.#append(page, nowMs);
    this.#pendingSinceMs ??= nowMs;
  }

  #append(piece: Buffer | PageRun, nowMs: number): void {
    if (this.#waiting.length === 0 && !(piece instanceof PageRun)) this.#writer.append(piece);
    else this.#waiting.push(piece);
    if (this.#pendingSinceMs !== undefined) this.#onPage(nowMs - this.#pendingSinceMs);
    this.#forgetPending();
  }

  #forgetPending(): void {
    this.#pendingSinceMs = undefined;
    this.#pendingPackets = 0;
    this.#pendingSoundSamples = 0;
  }
}
