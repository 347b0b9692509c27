/** This file is long because its methods share one state: the open part and its written position. */

import { Allowance } from "../../audio/allowance.ts";
import type { DropFate } from "../../audio/fates.ts";
import { SAMPLES_PER_SECOND } from "../../audio/opus-packet.ts";
import { carriesSound } from "../../audio/silence.ts";
import type { TimelineOutput } from "../../audio/timeline.ts";
import type { PartPackets } from "../../session/shapes.ts";
import type { VoiceFrame } from "../ports/voice.ts";
import type { Part } from "./part.ts";
import { SpeakerStream } from "./speaker-stream.ts";
import { type Talkspurt, Talkspurts } from "./talkspurts.ts";
import type { RefusedFate, TrackListener, TrackVerdict } from "./track-listener.ts";

export interface RotationOptions {
  readonly mode: "utterance" | "duration" | "never";
  /** `utterance`: a silence of this length ends the part. */
  readonly silenceSamples: number;
  /** `utterance` and `duration`: the maximum length of a part. */
  readonly maxPartSamples: number;
}

export interface TrackOptions {
  readonly userId: string;
  readonly rotation: RotationOptions;
  readonly toSamples: (monotonicMs: number) => number;
  /** The delay between a packet's arrival and its reading that a stall of this process may have caused. */
  readonly stalledSamples: (arrivalSamples: number) => number;
  /** Opens the file of a part. */
  readonly createPart: (number: number, startSamples: number) => Part;
  readonly listener: TrackListener;
}

/** An utterance ends this long after its silence, because reordering and placing may hold packets that long. */
const CLOSE_MARGIN_SAMPLES = SAMPLES_PER_SECOND;
/** Somebody whose sound is older than this has stopped: a pause in speech, and the time for reordering and placing. */
const SPEAKING_SAMPLES = 0.8 * SAMPLES_PER_SECOND;
/** A packet this far behind the written position is too late; appending it would move what follows. */
const MAX_OVERLAP_SAMPLES = SAMPLES_PER_SECOND;
/** The pause after a refused part before the next one begins, because the disk may keep refusing. */
const RETRY_AFTER_MS = 2_000;
/**
 * How far silence may reach ahead of its arrival. Less than the overlap that words may have with it,
 * because somebody else may have sent it.
 */
const MAX_SILENCE_AHEAD_SAMPLES = SAMPLES_PER_SECOND / 2;

/** Concurrent streams of one speaker. A client has one, and a new one after a reconnect. */
const MAX_STREAMS = 8;
/**
 * How often a speaker's clock may be re-anchored to the session clock, including new SSRCs. A client whose clock stops
 * in silence needs a new anchor at each talkspurt. Each anchor adds a line to `events.jsonl`.
 */
const ANCHORS = { burst: 40, perSecond: 4 };

/**
 * One speaker: turns packets of all their SSRCs into a sequence of parts. The growth of their files, lines and memory
 * is limited by the elapsed time, whatever they send.
 */
export class Track {
  readonly #options: TrackOptions;
  /** By voice connection and SSRC. */
  readonly #streams = new Map<string, SpeakerStream>();
  readonly #closing = new Set<Promise<void>>();
  #part: Part | undefined;
  #parts = 0;
  /** Drops while no part was open; they are counted in the next one. */
  #unassigned: Partial<Record<keyof PartPackets, number>> = {};
  readonly #talkspurts = new Talkspurts();
  readonly #anchors = new Allowance(ANCHORS);
  #talkSamples = 0;
  /** The session position where the written data ends, and the one where sound ends. */
  #endSamples = 0;
  #soundEndSamples = 0;
  #soundWrittenMs = 0;
  /** Belongs to the last written packet. */
  #packetSamples = 0;
  #nowMs = 0;
  /** No part begins before this time. */
  #retryDueMs = 0;
  /** The stream of the previous frame, which is usually the next frame's too. */
  #latest: { readonly connection: number; readonly ssrc: number; readonly stream: SpeakerStream } | undefined;

  constructor(options: TrackOptions) {
    this.#options = options;
  }

  /** Samples of received sound, without silence. */
  get talkSamples(): number {
    return this.#talkSamples;
  }

  /** Whether a part is open without a known error. */
  get isWriting(): boolean {
    return this.#part !== undefined && this.#part.failure === undefined;
  }

  /** Whether sound of the last moments is known, as far as it is in order already. */
  isSpeaking(nowMs: number): boolean {
    const { open } = this.#talkspurts;
    return open !== undefined && this.#options.toSamples(nowMs) - open.end < SPEAKING_SAMPLES;
  }

  /** Packets that wait for an earlier one. */
  get reorderDepth(): number {
    return [...this.#streams.values()].reduce((sum, stream) => sum + stream.reorderDepth, 0);
  }

  push(frame: VoiceFrame): TrackVerdict {
    // A packet that waited for its key has its original arrival time, which must not move the clock back.
    this.#nowMs = Math.max(this.#nowMs, frame.arrivalMs);
    return this.#streamOf(frame)?.push(frame) ?? "excess";
  }

  /** Counts packets of this speaker that never became frames. */
  countDrop(fate: DropFate, count = 1): void {
    const counter = DROP_COUNTERS[fate];
    if (counter === undefined) return;
    if (this.#part !== undefined) this.#part.packets[counter] += count;
    else this.#unassigned[counter] = (this.#unassigned[counter] ?? 0) + count;
  }

  /** Gives up on missing packets, and closes a part after enough silence. Call a few times a second. */
  poll(nowMs: number): void {
    this.#nowMs = nowMs;
    for (const stream of this.#streams.values()) stream.poll(nowMs);
    const nowSamples = this.#options.toSamples(nowMs);
    this.#emitTalkspurt(this.#talkspurts.endBefore(nowSamples - CLOSE_MARGIN_SAMPLES));
    const { mode, silenceSamples } = this.#options.rotation;
    this.#closeIfRefused();
    const part = this.#part;
    if (part === undefined) return;
    part.advance();
    // Sound that the network delayed is still arriving, so the utterance continues.
    const latestSamples = Math.max(this.#soundEndSamples, this.#options.toSamples(this.#soundWrittenMs));
    if (mode === "utterance" && nowSamples - latestSamples >= silenceSamples + CLOSE_MARGIN_SAMPLES) this.#closePart();
  }

  /** Writes the waiting packets to a page, so a kill does not lose them. */
  flushPage(nowMs: number): void {
    this.#part?.flush(nowMs);
  }

  /** Call at the end: writes held packets and closes the open part. Resolves when all parts are on disk. */
  async close(): Promise<void> {
    this.endConnection();
    // If a kill comes between these two steps, the part's line in the journal still has the open talkspurt.
    this.#closePart();
    this.#emitTalkspurt(this.#talkspurts.endBefore(Number.POSITIVE_INFINITY));
    await Promise.all(this.#closing);
  }

  /** Ends the open part if the mode has parts; the next packet opens another. */
  closePart(): void {
    if (this.#options.rotation.mode !== "never") this.#closePart();
  }

  /**
   * Call when the speaker must not be recorded any more: takes back what is not written yet, and ends the open part.
   *
   * @returns how many accepted packets are not written
   */
  takeBackUnwritten(): number {
    const held = [...this.#streams.values()].reduce((sum, stream) => sum + stream.held, 0);
    this.#forgetStreams();
    const part = this.#part?.takeBackUnwritten(this.#nowMs);
    if (part === undefined) return held;
    this.#endSamples = part.writtenToSamples;
    this.#talkSamples -= part.soundSamples;
    this.#emitTalkspurt(this.#talkspurts.cutAt(part.writtenToSamples));
    this.closePart();
    return held + part.packets;
  }

  /** Ends the streams of a lost voice connection, because its SSRCs mean nothing on the next one. */
  endConnection(): void {
    for (const stream of this.#streams.values()) stream.flush();
    this.#forgetStreams();
  }

  #forgetStreams(): void {
    this.#streams.clear();
    this.#latest = undefined;
  }

  /** @returns undefined if the speaker has claimed too many SSRCs in too short a time */
  #streamOf({ connection, ssrc, arrivalMs }: VoiceFrame): SpeakerStream | undefined {
    const latest = this.#latest;
    if (latest?.ssrc === ssrc && latest.connection === connection) return latest.stream;
    const key = `${connection}:${ssrc}`;
    let stream = this.#streams.get(key);
    if (stream === undefined) {
      if (!this.#anchors.take(this.#options.toSamples(arrivalMs))) return undefined;
      if (this.#streams.size >= MAX_STREAMS) this.#endOldestStream();
      stream = this.#createStream();
      this.#streams.set(key, stream);
    }
    this.#latest = { connection, ssrc, stream };
    return stream;
  }

  #endOldestStream(): void {
    const [oldest] = [...this.#streams].sort(([, left], [, right]) => left.latestMs - right.latestMs);
    if (oldest === undefined) return;
    const [key, stream] = oldest;
    stream.flush();
    this.#streams.delete(key);
  }

  #createStream(): SpeakerStream {
    const { toSamples, listener, userId } = this.#options;
    const output: TimelineOutput<VoiceFrame> = {
      place: (frame, positionSamples, lostBefore, anchor) => {
        if (anchor !== undefined) listener.anchored(userId, frame.ssrc, anchor);
        this.#write(frame, positionSamples, lostBefore);
      },
      refuse: () => this.#refuse("excess"),
      mayAnchor: (arrivalSamples) => this.#anchors.take(arrivalSamples),
      stalledSamples: this.#options.stalledSamples,
    };
    return new SpeakerStream(toSamples, output);
  }

  #refuse(fate: RefusedFate): void {
    this.countDrop(fate);
    this.#options.listener.refused(this.#options.userId, fate);
  }

  #write(frame: VoiceFrame, positionSamples: number, lostBefore: number): void {
    const { durationSamples, opus } = frame;
    const { mode, silenceSamples } = this.#options.rotation;
    if (positionSamples < this.#endSamples - MAX_OVERLAP_SAMPLES) {
      this.#refuse("late");
      return;
    }
    const lost = this.#crediblyLost(lostBefore, positionSamples, durationSamples);
    if (mode === "utterance" && positionSamples - this.#soundEndSamples >= silenceSamples) this.#closePart();
    this.#closeIfRefused();
    if (this.#part === undefined && this.#nowMs < this.#retryDueMs) {
      this.#refuse("disk_refused");
      return;
    }
    const sounds = carriesSound(opus);
    if (
      !sounds &&
      !(this.#isNearArrival(frame, positionSamples) && this.#fitsOpenPart(positionSamples + durationSamples))
    ) {
      this.#unassigned.lost = (this.#unassigned.lost ?? 0) + lost;
      this.#refuse("silence");
      return;
    }
    const part = this.#fillTo(positionSamples, lost, durationSamples);
    if (part === undefined) {
      this.#refuse("disk_refused");
      return;
    }
    if (sounds) this.#noteSpeech(part.endSamples, durationSamples);
    part.write(opus, durationSamples, sounds, this.#nowMs);
    this.#endSamples = part.endSamples;
    this.#packetSamples = durationSamples;
  }

  /** Sequence numbers say how many packets are missing, but a jump means nothing if no time is missing. */
  #crediblyLost(lost: number, positionSamples: number, durationSamples: number): number {
    if (lost === 0 || this.#endSamples === 0) return lost;
    const packetSamples = Math.min(durationSamples, this.#packetSamples);
    return Math.min(lost, Math.ceil(Math.max(0, positionSamples - this.#endSamples) / packetSamples));
  }

  #isNearArrival({ arrivalMs, durationSamples }: VoiceFrame, positionSamples: number): boolean {
    const aheadSamples = positionSamples + durationSamples - this.#options.toSamples(arrivalMs);
    return aheadSamples <= MAX_SILENCE_AHEAD_SAMPLES;
  }

  /** Silence does not begin a part, because its file would be empty of sound. */
  #fitsOpenPart(endSamples: number): boolean {
    const { mode, maxPartSamples } = this.#options.rotation;
    const part = this.#part;
    return part !== undefined && (mode === "never" || !isFull(part, endSamples, maxPartSamples));
  }

  /** Returns the part for a packet at this position, filled up to it; undefined if it could not be created. */
  #fillTo(positionSamples: number, lost: number, durationSamples: number): Part | undefined {
    const { mode, maxPartSamples } = this.#options.rotation;
    const endSamples = positionSamples + durationSamples;
    let part = this.#part ?? this.#openPart(mode === "never" ? 0 : Math.max(positionSamples, this.#endSamples));
    if (mode === "utterance" && part !== undefined && isFull(part, endSamples, maxPartSamples)) {
      this.#closePart();
      part = this.#openPart(Math.max(positionSamples, part.endSamples));
    }
    while (mode === "duration" && part !== undefined && isFull(part, endSamples, maxPartSamples)) {
      // There is no gap between parts: silence is split where a part must end.
      part.fillTo(Math.min(positionSamples, part.startSamples + maxPartSamples), 0, this.#nowMs);
      this.#closePart();
      part = this.#openPart(part.endSamples);
      part?.fillTo(Math.min(positionSamples, part.startSamples + maxPartSamples), 0, this.#nowMs);
    }
    part?.fillTo(positionSamples, lost, this.#nowMs);
    return part;
  }

  /** If a part cannot be created, only this part is lost; all other parts continue. */
  #openPart(startSamples: number): Part | undefined {
    this.#parts += 1;
    let part: Part;
    try {
      part = this.#options.createPart(this.#parts, startSamples);
    } catch (error) {
      this.#retryDueMs = this.#nowMs + RETRY_AFTER_MS;
      this.#options.listener.partNotBegun(this.#options.userId, error);
      return undefined;
    }
    for (const [counter, count] of Object.entries(this.#unassigned)) {
      part.packets[counter as keyof PartPackets] += count;
    }
    this.#unassigned = {};
    this.#part = part;
    this.#options.listener.partOpened({ userId: this.#options.userId, name: part.name, startSamples });
    return part;
  }

  /**
   * The packets after a refusal go into a new file. It begins some time after the disk has responded for the refused
   * one, so a disk that does not respond gets no second file of the speaker.
   */
  #closeIfRefused(): void {
    if (this.#part?.failure === undefined) return;
    this.#retryDueMs = Number.POSITIVE_INFINITY;
    this.#closePart();
  }

  #closePart(): void {
    const part = this.#part;
    if (part === undefined) return;
    this.#part = undefined;
    const { listener, userId } = this.#options;
    const { number, startSamples, durationSamples, packets, soundSamples: talkSamples } = part;
    const openTalkspurt = this.#talkspurts.open;
    const closed = { userId, number, startSamples, durationSamples, packets, talkSamples, openTalkspurt };
    const closing = part.close().then(
      (file) => listener.partClosed({ ...closed, file }),
      (error: unknown) => {
        this.#talkSamples -= talkSamples;
        this.#retryDueMs = this.#nowMs + RETRY_AFTER_MS;
        listener.partFailed({ userId, name: part.name, received: packets.received, error });
      },
    );
    this.#closing.add(closing);
    void closing.finally(() => this.#closing.delete(closing));
  }

  #noteSpeech(startSamples: number, durationSamples: number): void {
    this.#soundEndSamples = startSamples + durationSamples;
    this.#soundWrittenMs = this.#nowMs;
    this.#talkSamples += durationSamples;
    this.#emitTalkspurt(this.#talkspurts.sound(startSamples, durationSamples));
  }

  #emitTalkspurt(spurt: Talkspurt | undefined): void {
    if (spurt !== undefined) this.#options.listener.talkspurt(this.#options.userId, spurt.start, spurt.end);
  }
}

/** Whether a part with data would exceed the maximum length if it continued to this position. */
function isFull(part: Part, endSamples: number, maxPartSamples: number): boolean {
  return part.endSamples > part.startSamples && endSamples > part.startSamples + maxPartSamples;
}

const DROP_COUNTERS: Partial<Record<DropFate, keyof PartPackets>> = {
  late: "late",
  duplicate: "duplicate",
  replayed: "duplicate",
  dave_undecryptable: "undecryptable",
  dave_plaintext: "undecryptable",
  unattributed: "unattributed",
};
