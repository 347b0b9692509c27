import type { DropFate } from "../../audio/fates.ts";
import { SAMPLES_PER_SECOND, samplesToMs } from "../../audio/opus-packet.ts";
import { OwnStalls } from "../../audio/own-stalls.ts";
import { BUSY_INTERVAL_MS } from "../../pulse.ts";
import { PART_TAGS, partFileName } from "../../session/job-files.ts";
import type { SessionClock } from "../call/session-clock.ts";
import type { Spool } from "../ports/spool.ts";
import type { VoiceFrame } from "../ports/voice.ts";
import { Part } from "./part.ts";
import { type RotationOptions, Track } from "./track.ts";
import type { TrackListener, TrackVerdict } from "./track-listener.ts";

/**
 * How long packets wait for others on their page. Together with the reorder hold this is under one second, the most
 * that a kill may lose. All speakers' pages are written together, because waking the writer threads costs more than
 * writing.
 */
const PAGE_INTERVAL_MS = 500;

/** The tags of a file that describe the call; names come from the customer. */
export interface CallTags {
  readonly jobId: string;
  readonly guildName: string;
  readonly channelName: string;
  /** The software that wrote the file. */
  readonly vendor: string;
}

export interface SpeakersOptions {
  readonly clock: SessionClock;
  readonly spool: Spool;
  readonly rotation: RotationOptions;
  readonly tags: CallTags;
  readonly displayName: (userId: string) => string;
  readonly listener: TrackListener;
}

/** Everyone's tracks. It turns frames into files. */
export class SpeakerTracks {
  readonly #options: SpeakersOptions;
  readonly #tracks = new Map<string, Track>();
  /** Drops of people who have no track yet. */
  readonly #early = new Map<string, Map<DropFate, number>>();
  readonly #stalls = new OwnStalls();
  #pagesFlushedMs = Number.NEGATIVE_INFINITY;

  constructor(options: SpeakersOptions) {
    this.#options = options;
  }

  talkSamples(userId: string): number {
    return this.#tracks.get(userId)?.talkSamples ?? 0;
  }

  /** Ids of those who speak now. */
  speaking(nowMs: number): Set<string> {
    return new Set([...this.#tracks].flatMap(([userId, track]) => (track.isSpeaking(nowMs) ? [userId] : [])));
  }

  /** Whether any file is open without a known error. */
  get isWriting(): boolean {
    return [...this.#tracks.values()].some((track) => track.isWriting);
  }

  /** The total number of packets that wait for an earlier one. */
  get reorderDepth(): number {
    return [...this.#tracks.values()].reduce((sum, track) => sum + track.reorderDepth, 0);
  }

  push(frame: VoiceFrame): TrackVerdict {
    const track = this.#trackOf(frame.userId);
    const verdict = track.push(frame);
    if (verdict !== "accepted") track.countDrop(verdict);
    return verdict;
  }

  /** A packet without sound takes its turn in the stream, so it does not look lost. */
  skip(frame: VoiceFrame): void {
    this.#tracks.get(frame.userId)?.push(frame);
  }

  countDrop(userId: string, fate: DropFate): void {
    const track = this.#tracks.get(userId);
    if (track !== undefined) track.countDrop(fate);
    else this.#countEarly(userId, fate);
  }

  /** @param intervalMs between calls; more than twice as long a pause counts as a stall of this process */
  poll(nowMs: number, intervalMs = BUSY_INTERVAL_MS): void {
    this.#stalls.tick(this.#options.clock.toSamples(nowMs), (intervalMs * SAMPLES_PER_SECOND) / 1_000);
    for (const track of this.#tracks.values()) track.poll(nowMs);
    if (nowMs - this.#pagesFlushedMs < PAGE_INTERVAL_MS) return;
    this.#pagesFlushedMs = nowMs;
    for (const track of this.#tracks.values()) track.flushPage(nowMs);
  }

  /** Call when a voice connection is gone, because its SSRCs mean nothing any more. */
  endConnection(): void {
    for (const track of this.#tracks.values()) track.endConnection();
  }

  /** Ends the open parts; people who continue to speak get new ones. */
  closeParts(): void {
    for (const track of this.#tracks.values()) track.closePart();
  }

  /** @returns how many accepted packets of a person who must not be recorded any more are not written */
  takeBackUnwritten(userId: string): number {
    return this.#tracks.get(userId)?.takeBackUnwritten() ?? 0;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#tracks.values()].map((track) => track.close()));
  }

  #trackOf(userId: string): Track {
    let track = this.#tracks.get(userId);
    if (track !== undefined) return track;
    track = new Track({
      userId,
      rotation: this.#options.rotation,
      toSamples: (monotonicMs) => this.#options.clock.toSamples(monotonicMs),
      stalledSamples: (arrivalSamples) => this.#stalls.before(arrivalSamples),
      createPart: (number, startSamples) => this.#createPart(userId, number, startSamples),
      listener: this.#options.listener,
    });
    for (const [fate, count] of this.#early.get(userId) ?? []) track.countDrop(fate, count);
    this.#early.delete(userId);
    this.#tracks.set(userId, track);
    return track;
  }

  #countEarly(userId: string, fate: DropFate): void {
    const counts = this.#early.get(userId) ?? new Map<DropFate, number>();
    this.#early.set(userId, counts.set(fate, (counts.get(fate) ?? 0) + 1));
  }

  #createPart(userId: string, number: number, startSamples: number): Part {
    const { clock, spool, tags, displayName } = this.#options;
    const name = partFileName(userId, number);
    const startMs = samplesToMs(startSamples);
    return new Part(
      {
        name,
        number,
        startSamples,
        serial: streamSerial(userId, number),
        vendor: tags.vendor,
        tags: {
          TITLE: `${tags.channelName}, ${displayName(userId)}`,
          ARTIST: displayName(userId),
          DATE: clock.isoAt(startMs),
          [PART_TAGS.userId]: userId,
          DISCORD_GUILD: tags.guildName,
          DISCORD_CHANNEL: tags.channelName,
          MEETBOT_JOB_ID: tags.jobId,
          [PART_TAGS.number]: String(number),
          [PART_TAGS.startOffsetMs]: String(startMs),
        },
        onPage: (waitedMs) => this.#options.listener.paged(waitedMs),
      },
      spool.create(name),
    );
  }
}

/** Unique among a recording's files, so they can be chained or multiplexed (RFC 3533 §4). */
function streamSerial(userId: string, number: number): number {
  return Number((BigInt(userId) * 31n + BigInt(number)) & 0xffff_ffffn);
}
