import { type DropFate, noDrops } from "../../src/audio/fates.ts";
import { checkOggOpus } from "../../src/audio/ogg/ogg-check.ts";
import { planOggRepair } from "../../src/audio/ogg/ogg-repair.ts";
import { AHEAD_SAMPLES, AHEAD_SHARE } from "../../src/audio/timeline.ts";
import { SessionClock } from "../../src/recording/call/session-clock.ts";
import type { VoiceFrame } from "../../src/recording/ports/voice.ts";
import { SpeakerTracks } from "../../src/recording/tracks/speaker-tracks.ts";
import type { RotationOptions } from "../../src/recording/tracks/track.ts";
import { PART_TAGS } from "../../src/session/job-files.ts";
import { MemorySpool } from "../support/memory-spool.ts";

const HOSTILE = "200000000000000001";
/** A packet may be appended at the end of the one before it if its place is at most this far before that. */
const OVERLAP_SAMPLES = 48_000;
const LONGEST_PACKET_SAMPLES = 5_760;
/** The timeline follows a clock that runs slow for 30 s of delay; a packet waits up to 2 s more for its order and its place. */
const BEHIND_SAMPLES = 32 * 48_000;

/** What the hostile member sends; the numbers may have any size, as they are cut to their bits. */
export interface SentPacket {
  readonly ssrc: number;
  readonly sequence: number;
  readonly timestamp: number;
  readonly toc: number;
  readonly durationSamples: number;
  /** Below 160 the packet holds sound that no other packet holds. */
  readonly sound: number;
}

/** A member who speaks normally. */
class Honest {
  readonly userId: string;
  readonly #ssrc: number;
  /** Speaks so many packets, then pauses for as many packets; undefined speaks without a pause. */
  readonly #spurtPackets: number | undefined;
  /** Session position that each packet must have, by its bytes. */
  readonly places = new Map<string, number>();
  #sequence = 65_500;

  constructor(userId: string, ssrc: number, spurtPackets?: number) {
    this.userId = userId;
    this.#ssrc = ssrc;
    this.#spurtPackets = spurtPackets;
  }

  /** @returns undefined in a pause */
  frameAt(nowMs: number): VoiceFrame | undefined {
    const index = nowMs / 20;
    if (this.#spurtPackets !== undefined && Math.floor(index / this.#spurtPackets) % 2 === 1) return undefined;
    const opus = Buffer.from([0x78, this.#ssrc, index >> 16, index >> 8, index]);
    this.places.set(opus.toString("hex"), nowMs * 48);
    this.#sequence = (this.#sequence + 1) & 0xffff;
    return {
      userId: this.userId,
      ssrc: this.#ssrc,
      connection: 1,
      sequence: this.#sequence,
      rtpTimestamp: (index * 960 + 4_294_000_000) % 2 ** 32,
      arrivalMs: nowMs,
      opus,
      durationSamples: 960,
    };
  }
}

/** A call on its tracks, without Discord: checks that the hostile member costs the honest ones nothing. */
export class WatchedCall {
  readonly #rotation: RotationOptions;
  readonly #spool = new MemorySpool();
  readonly #tracks: SpeakerTracks;
  /** When the hostile member's packets arrived, by their bytes. */
  readonly #sent = new Map<string, { readonly arrivalSamples: number; readonly durationSamples: number }>();
  readonly #honest = [new Honest("200000000000000002", 0xaa), new Honest("200000000000000003", 0xab, 75)];
  readonly #verdicts = { sent: 0, accepted: 0, dropped: noDrops() };
  #anchors = 0;
  #nowMs = 0;
  #honestMs = 0;
  #polledMs = 0;

  constructor(rotation: RotationOptions) {
    this.#rotation = rotation;
    const clock = {
      nowMs: () => 0,
      wallTime: () => new Date(0),
      every: () => () => undefined,
      sleep: async () => undefined,
    };
    this.#tracks = new SpeakerTracks({
      clock: new SessionClock(clock),
      spool: this.#spool,
      rotation,
      tags: { jobId: "job", guildName: "guild", channelName: "channel", vendor: "fuzz" },
      displayName: (userId) => userId,
      listener: {
        partOpened: () => undefined,
        partClosed: () => undefined,
        partFailed: ({ name }) => {
          throw new RangeError(`${name} failed`);
        },
        partNotBegun: (userId, error) => {
          throw new RangeError(`a part of ${userId} could not be begun`, { cause: error });
        },
        refused: (userId, fate) => this.#refused(userId, fate),
        anchored: (userId) => {
          if (userId === HOSTILE) this.#anchors += 1;
        },
        talkspurt: () => undefined,
        paged: () => undefined,
      },
    });
  }

  get nowMs(): number {
    return this.#nowMs;
  }

  /** Time passes; the honest members speak. */
  passTo(nowMs: number): void {
    this.#nowMs = nowMs;
    for (; this.#honestMs <= nowMs; this.#honestMs += 20) {
      for (const member of this.#honest) {
        const frame = member.frameAt(this.#honestMs);
        const verdict = frame === undefined ? "accepted" : this.#tracks.push(frame);
        expectThat(verdict === "accepted", `an honest packet was ${verdict}`);
      }
      if (this.#honestMs - this.#polledMs < 100) continue;
      this.#polledMs = this.#honestMs;
      this.#tracks.poll(this.#honestMs);
    }
  }

  hostile({ ssrc, sequence, timestamp, toc, durationSamples, sound }: SentPacket): void {
    const opus = payload(toc, sound, this.#verdicts.sent);
    const frame: VoiceFrame = {
      userId: HOSTILE,
      ssrc,
      connection: 1,
      sequence: sequence & 0xffff,
      rtpTimestamp: timestamp >>> 0,
      arrivalMs: this.#nowMs,
      opus,
      durationSamples: opus.length === 0 ? 0 : opus.length === 3 ? 960 : durationSamples,
    };
    if (opus.length === 0) {
      this.#tracks.skip(frame);
      return;
    }
    this.#verdicts.sent += 1;
    this.#sent.set(opus.toString("hex"), {
      arrivalSamples: Math.round(this.#nowMs * 48),
      durationSamples: frame.durationSamples,
    });
    const verdict = this.#tracks.push(frame);
    if (verdict === "accepted") this.#verdicts.accepted += 1;
    else this.#verdicts.dropped[verdict] += 1;
  }

  /** Ends the call and checks the files. */
  judge(): void {
    void this.#tracks.close();
    for (const member of this.#honest) this.#judgeHonest(member);
    this.#judgeHostile();
    const seconds = this.#nowMs / 1_000;
    expectThat(this.#anchors <= 41 + 4 * seconds, `${this.#anchors} anchors in ${seconds} s`);
    const { sent, accepted, dropped } = this.#verdicts;
    const refused = Object.values(dropped).reduce((sum, count) => sum + count, 0);
    expectThat(sent === accepted + refused, `${sent} packets sent, ${accepted} accepted, ${refused} refused`);
  }

  #judgeHonest({ userId, places }: Honest): void {
    const heard = this.#judgeFiles(userId);
    const found = heard.filter(({ hex }) => places.has(hex));
    expectThat(found.length === places.size, `${found.length} of ${places.size} packets of ${userId} are in the files`);
    for (const { hex, positionSamples } of found) {
      expectThat(
        places.get(hex) === positionSamples,
        `a packet of ${userId} is at ${positionSamples}, not at ${places.get(hex)}`,
      );
    }
  }

  #judgeHostile(): void {
    const heard = this.#judgeFiles(HOSTILE);
    const allowed = AHEAD_SAMPLES + this.#nowMs * 48 * AHEAD_SHARE + OVERLAP_SAMPLES + LONGEST_PACKET_SAMPLES;
    let written = 0;
    for (const { hex, positionSamples } of heard) {
      const sent = this.#sent.get(hex);
      if (sent === undefined || hex.length <= 6) continue;
      written += 1;
      const aheadSamples = positionSamples + sent.durationSamples - sent.arrivalSamples;
      const behindSamples = sent.arrivalSamples - positionSamples;
      expectThat(behindSamples <= BEHIND_SAMPLES, `a packet is ${behindSamples / 48} ms behind its arrival`);
      expectThat(aheadSamples <= allowed, `a packet is ${aheadSamples / 48} ms ahead of its arrival`);
    }
    const { accepted, dropped } = this.#verdicts;
    expectThat(written <= accepted, `${written} written of ${accepted}; ${JSON.stringify(dropped)}`);
  }

  /** Checks what holds for everybody's files, and reads their packets with their session positions. */
  #judgeFiles(userId: string): { readonly hex: string; readonly positionSamples: number }[] {
    const limitSamples =
      this.#nowMs * 48 * (1 + AHEAD_SHARE) + AHEAD_SAMPLES + OVERLAP_SAMPLES + LONGEST_PACKET_SAMPLES;
    const { mode, silenceSamples, maxPartSamples } = this.#rotation;
    const heard: { hex: string; positionSamples: number }[] = [];
    let [files, endSamples] = [0, 0];
    for (const [name, bytes] of this.#spool.files) {
      if (!name.startsWith(`audio.${userId}`)) continue;
      files += 1;
      const { faults, packets, durationSamples } = checkOggOpus(bytes);
      expectThat(faults.length === 0, `${name}: ${faults[0]}`);
      const startSamples = Math.round(Number(planOggRepair(bytes)?.tags.get(PART_TAGS.startOffsetMs)) * 48);
      expectThat(startSamples >= endSamples, `${name} begins at ${startSamples}, before ${endSamples}`);
      endSamples = startSamples + durationSamples;
      const inFile = packets.map(({ opus, positionSamples }) => ({
        hex: opus.toString("hex"),
        positionSamples: startSamples + positionSamples,
      }));
      heard.push(...inFile);
      expectThat(mode === "duration" || inFile.some(({ hex }) => this.#isSpeech(hex)), `${name} holds nothing`);
    }
    expectThat(endSamples <= limitSamples, `${userId} has ${endSamples / 48} ms of sound after ${this.#nowMs} ms`);
    const most = mode === "never" ? 1 : 1 + limitSamples / silenceSamples + limitSamples / maxPartSamples;
    expectThat(files <= most, `${userId} has ${files} files`);
    return heard;
  }

  #isSpeech(hex: string): boolean {
    return this.#sent.has(hex) || this.#honest.some(({ places }) => places.has(hex));
  }

  #refused(userId: string, fate: DropFate): void {
    expectThat(userId === HOSTILE, `an honest packet was refused as ${fate}`);
    this.#verdicts.accepted -= 1;
    this.#verdicts.dropped[fate] += 1;
  }
}

/** Mostly sound that differs from that of all other packets; otherwise silence, unsent audio, or padding. */
function payload(toc: number, sound: number, index: number): Buffer {
  if (sound < 160) {
    const head = toc === 0xfb ? [toc, 6] : [toc];
    const body = Buffer.alloc(6, index & 0xff);
    body.writeUInt32BE(index + 0x2000_0000);
    return Buffer.from([...head, ...body]);
  }
  const others = ["f8fffe", "fcfffe", "78", ""];
  return Buffer.from(others[sound % others.length] ?? "", "hex");
}

function expectThat(holds: boolean, otherwise: string): void {
  if (!holds) throw new RangeError(otherwise);
}
