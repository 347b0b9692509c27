import { type DropFate, noDrops } from "../../src/audio/fates.ts";
import { checkOggOpus } from "../../src/audio/ogg-check.ts";
import { planOggRepair } from "../../src/audio/ogg-repair.ts";
import { AHEAD_SAMPLES, AHEAD_SHARE } from "../../src/audio/timeline.ts";
import { SessionClock } from "../../src/recording/call/session-clock.ts";
import type { VoiceFrame } from "../../src/recording/ports.ts";
import { SpeakerTracks } from "../../src/recording/tracks/speaker-tracks.ts";
import type { RotationOptions } from "../../src/recording/tracks/track.ts";
import { PART_TAGS } from "../../src/session/job-files.ts";
import { MemorySpool } from "../support/memory.ts";

/**
 * A member of a call whose client sends valid packets with whatever numbers it likes, beside one who speaks as everybody does.
 * The script's bytes are what the member does: four bytes an action, the first of which says what.
 */

const HOSTILE = "200000000000000001";
const HONEST = "200000000000000002";
const SECOND = 48_000;
const MODES: readonly RotationOptions["mode"][] = ["utterance", "duration", "never"];
const MAX_PART_SAMPLES = 10 * SECOND;
const SILENCE_SAMPLES = SECOND;
/** A packet may be appended where the one before ends, when that is this far beyond its place. */
const OVERLAP_SAMPLES = SECOND;
/** TOC bytes, and what a packet with them lasts: 20, 2.5, 10, 60 ms, and 120 ms in six frames. */
const KINDS: readonly (readonly [toc: number, durationSamples: number])[] = [
  [0x78, 960],
  [0xe0, 120],
  [0x70, 480],
  [0x18, 2_880],
  [0xfb, 5_760],
];
const PACES_MS = [0, 0.2, 1, 2, 5, 20, 120];

interface Sent {
  readonly arrivalSamples: number;
  readonly durationSamples: number;
}

/** @throws RangeError saying what the member could do to the recording that no member may */
export function playHostile(script: Buffer): void {
  const rotation: RotationOptions = {
    mode: MODES[(script[0] ?? 0) % MODES.length] ?? "never",
    silenceSamples: SILENCE_SAMPLES,
    maxPartSamples: MAX_PART_SAMPLES,
  };
  const call = new Call(rotation);
  const member = { ssrc: 1, sequence: 0, timestamp: 0, paceMs: 20, kind: 0, sound: 0 };
  for (let at = 0; at + 3 < script.length; at += 4) {
    const [action, a = 0, b = 0, c = 0] = script.subarray(at, at + 4);
    switch ((action ?? 0) % 8) {
      case 0:
        member.sequence += (a << 8) | b;
        break;
      case 1:
        member.timestamp += (a << 24) | (b << 16) | (c << 8);
        break;
      case 2:
        // As one who hides the jump of the timestamp in lost packets.
        member.sequence += (a << 8) | b;
        member.timestamp += ((a << 8) | b) * (KINDS[member.kind]?.[1] ?? 960);
        break;
      case 3:
        member.kind = a % KINDS.length;
        break;
      case 4:
        member.ssrc = 1 + (a % 40);
        break;
      case 5:
        member.paceMs = PACES_MS[a % PACES_MS.length] ?? 20;
        break;
      case 6:
        member.sound = a;
        break;
      default:
        call.passTo(call.nowMs + a * 20);
    }
    for (let count = 1 + (c % 24); count > 0; count -= 1) {
      call.passTo(call.nowMs + member.paceMs);
      const [toc, durationSamples] = KINDS[member.kind] ?? [0x78, 960];
      call.hostile({ ...member, toc, durationSamples });
      member.sequence += 1;
      member.timestamp += durationSamples;
    }
  }
  call.judge();
}

class Call {
  readonly #rotation: RotationOptions;
  readonly #spool = new MemorySpool();
  readonly #tracks: SpeakerTracks;
  readonly #sent = new Map<string, Sent>();
  readonly #honest = new Map<string, number>();
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

  /** Time passes; the honest member speaks, without a pause. */
  passTo(nowMs: number): void {
    this.#nowMs = nowMs;
    for (; this.#honestMs <= nowMs; this.#honestMs += 20) {
      const index = this.#honestMs / 20;
      const opus = Buffer.from([0x78, 0xaa, index >> 16, index >> 8, index]);
      this.#honest.set(opus.toString("hex"), this.#honestMs * 48);
      const verdict = this.#tracks.push({
        userId: HONEST,
        ssrc: 7,
        connection: 1,
        sequence: (index + 65_500) & 0xffff,
        rtpTimestamp: (index * 960 + 4_294_000_000) % 2 ** 32,
        arrivalMs: this.#honestMs,
        opus,
        durationSamples: 960,
      });
      expectThat(verdict === "accepted", `an honest packet was ${verdict}`);
      if (this.#honestMs - this.#polledMs < 100) continue;
      this.#polledMs = this.#honestMs;
      this.#tracks.poll(this.#honestMs);
    }
  }

  hostile(
    packet: Pick<VoiceFrame, "ssrc" | "sequence" | "durationSamples"> & {
      readonly timestamp: number;
      readonly toc: number;
      readonly sound: number;
    },
  ): void {
    const { ssrc, sequence, timestamp, durationSamples, toc, sound } = packet;
    const index = this.#verdicts.sent;
    const opus = payload(toc, sound, index);
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

  /** Ends the call and looks at the files. */
  judge(): void {
    void this.#tracks.close();
    const heard = new Map<string, number>();
    for (const userId of [HOSTILE, HONEST]) this.#judgeFiles(userId, heard);
    expectThat(
      heard.size === this.#honest.size,
      `${heard.size} of ${this.#honest.size} honest packets are in the files`,
    );
    for (const [hex, position] of this.#honest) {
      expectThat(heard.get(hex) === position, `an honest packet is at ${heard.get(hex)}, not at ${position}`);
    }
    const seconds = this.#nowMs / 1_000;
    expectThat(this.#anchors <= 41 + 4 * seconds, `${this.#anchors} anchors in ${seconds} s`);
    const { sent, accepted, dropped } = this.#verdicts;
    const refused = Object.values(dropped).reduce((sum, count) => sum + count, 0);
    expectThat(sent === accepted + refused, `${sent} packets sent, ${accepted} accepted, ${refused} refused`);
  }

  #judgeFiles(userId: string, heard: Map<string, number>): void {
    const nowSamples = this.#nowMs * 48;
    const limitSamples = nowSamples * (1 + AHEAD_SHARE) + AHEAD_SAMPLES + OVERLAP_SAMPLES + 5_760;
    let [files, endSamples, written] = [0, 0, 0];
    for (const [name, bytes] of this.#spool.files) {
      if (!name.startsWith(`audio.${userId}`)) continue;
      files += 1;
      const { faults, packets, durationSamples } = checkOggOpus(bytes);
      expectThat(faults.length === 0, `${name}: ${faults[0]}`);
      const startSamples = Math.round(Number(planOggRepair(bytes)?.tags.get(PART_TAGS.startOffsetMs)) * 48);
      expectThat(startSamples >= endSamples, `${name} begins at ${startSamples}, before ${endSamples}`);
      endSamples = startSamples + durationSamples;
      for (const { opus, positionSamples } of packets) {
        const hex = opus.toString("hex");
        if (userId === HONEST && this.#honest.has(hex)) heard.set(hex, startSamples + positionSamples);
        const sent = userId === HOSTILE && opus.length > 3 ? this.#sent.get(hex) : undefined;
        if (sent === undefined) continue;
        written += 1;
        const aheadSamples = startSamples + positionSamples + sent.durationSamples - sent.arrivalSamples;
        const allowed = AHEAD_SAMPLES + nowSamples * AHEAD_SHARE + OVERLAP_SAMPLES + 5_760;
        expectThat(aheadSamples <= allowed, `${name}: a packet is ${aheadSamples / 48} ms ahead of its arrival`);
      }
      const sounds = packets.some(
        ({ opus }) => this.#sent.has(opus.toString("hex")) || this.#honest.has(opus.toString("hex")),
      );
      expectThat(sounds || this.#rotation.mode === "duration", `${name} holds nothing`);
    }
    expectThat(endSamples <= limitSamples, `${userId} has ${endSamples / 48} ms of sound after ${this.#nowMs} ms`);
    const most =
      this.#rotation.mode === "never" ? 1 : 1 + limitSamples / SILENCE_SAMPLES + limitSamples / MAX_PART_SAMPLES;
    expectThat(files <= most, `${userId} has ${files} files`);
    const { accepted, dropped } = this.#verdicts;
    if (userId === HOSTILE)
      expectThat(written <= accepted, `${written} written of ${accepted}; ${JSON.stringify(dropped)}`);
  }

  #refused(userId: string, fate: DropFate): void {
    expectThat(userId === HOSTILE, `an honest packet was refused as ${fate}`);
    this.#verdicts.accepted -= 1;
    this.#verdicts.dropped[fate] += 1;
  }
}

/** Mostly sound, and like no other packet; else silence, what was not sent, or padding. */
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

/** What members may do who mean harm: a script for each. */
export function hostileScripts(): Buffer[] {
  const repeated = (times: number, ...actions: readonly number[]): Buffer =>
    Buffer.concat(Array.from({ length: times }, () => Buffer.from(actions)));
  const [sequence, timestamp, both, kind, ssrc, pace, sound, pause] = [0, 1, 2, 3, 4, 5, 6, 7];
  return MODES.flatMap((_, mode) => {
    const inMode = (...actions: Buffer[]): Buffer =>
      Buffer.concat([Buffer.from([mode === 0 ? 24 : mode * 16, 0, 0, 0]), ...actions]);
    return [
      inMode(Buffer.from([kind, 4, 0, 23, pace, 4, 0, 0]), repeated(100, both, 0x7d, 0, 0)),
      inMode(Buffer.from([kind, 4, 0, 23, pace, 3, 0, 0]), repeated(60, sound, 0, 0, 23)),
      inMode(repeated(60, ssrc, 1, 0, 3, ssrc, 17, 0, 0, ssrc, 33, 0, 0, ssrc, 9, 0, 1)),
      inMode(repeated(40, timestamp, 0xff, 0xf0, 0, timestamp, 0, 0x40, 0, sequence, 0x40, 0, 2)),
      inMode(repeated(30, sound, 0xa1, 0, 23, pause, 10, 0, 0, sound, 0, 0, 3, sound, 0xa3, 0, 0)),
      inMode(repeated(20, pause, 150, 0, 23, pace, 0, 0, 23, pace, 5, 0, 23)),
    ];
  });
}
