import { fillGap } from "../../audio/gap-fill.ts";
import { OggOpusWriter } from "../../audio/ogg/ogg-opus.ts";
import { PageRun } from "../../audio/ogg/ogg-page.ts";
import { MIN_FRAME_SAMPLES } from "../../audio/opus-packet.ts";
import type { PartPackets } from "../../session/shapes.ts";
import type { SpooledFile, SpoolWriter } from "../ports/spool.ts";

/**
 * The most pages of silence made in one go: 40 minutes, 130 KB, about a millisecond. Even if 20 people speak for the
 * first time after four hours, others must not have to wait.
 */
const RUN_PAGES = 2_500;
/** While this many bytes wait for the disk, no silence is written. */
const BUSY_BYTES = 250_000;

export function noPackets(): PartPackets {
  return { received: 0, lost: 0, concealed: 0, late: 0, duplicate: 0, undecryptable: 0, unattributed: 0 };
}

export interface TakenBack {
  /** Received packets. */
  readonly packets: number;
  /** Samples of sound in them. */
  readonly soundSamples: number;
  /** The session position where the part's pages end. */
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
  /** Called for each page with the wait of its oldest packet. */
  readonly onPage: (waitedMs: number) => void;
}

/** One file of one speaker. It takes packets with session positions, fills every gap, and writes Ogg pages. */
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
  /** When the oldest packet that is not on a page yet was added. */
  #pendingSinceMs: number | undefined;
  /** Received packets that are not on a page yet, and how much sound is in them. */
  #pendingPackets = 0;
  #pendingSoundSamples = 0;
  #soundSamples = 0;
  /** Silence that is written step by step, and the pages after it. */
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

  /** Why the file can never be complete; undefined while no error is known. */
  get failure(): unknown {
    return this.#writer.failure;
  }

  /** Samples of sound in the received packets. */
  get soundSamples(): number {
    return this.#soundSamples;
  }

  get durationSamples(): number {
    return this.#ogg.samples;
  }

  /** The session position where the next packet would follow without a gap. */
  get endSamples(): number {
    return this.startSamples + this.durationSamples;
  }

  /** Fills the gap up to a session position, to within 2.5 ms, and counts `lost` packets as lost. */
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

  /** Writes the waiting packets to a page, so a kill does not lose them. */
  flush(nowMs: number): void {
    const page = this.#pendingSinceMs === undefined ? undefined : this.#ogg.flush();
    if (page !== undefined) this.#append(page, nowMs);
  }

  /** Writes a part of the waiting silence, unless the disk is busy. Call a few times a second. */
  advance(): void {
    if (this.#writer.waitingBytes < BUSY_BYTES) this.#handOn(RUN_PAGES);
  }

  /** Takes back the packets that are not on a page yet. A part without a page gets silence in their place. */
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

  /** @param runPages the most pages of silence to write */
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
