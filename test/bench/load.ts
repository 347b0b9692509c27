import { SAMPLES_PER_SECOND } from "../../src/audio/opus-packet.ts";
import { buildRtpHeader, RTP_PAYLOAD_TYPE_OPUS } from "../../src/audio/rtp.ts";
import {
  type CallEvent,
  type CallFixture,
  callEvent,
  callHeader,
  type TimedRtpPacket,
} from "../../src/fixture/call-script.ts";
import { chance, noise, pick } from "../../src/loopback/seeded.ts";

/**
 * The call for every peer of the benchmark, made from a seed. Its packets are framed as Opus, and each has unique
 * content, so it can be recognised in a file. It contains no audible sound.
 */
export interface LoadOptions {
  readonly seed: number;
  readonly speakers: number;
  /** From the first speaker's first word to the end of the last one's time. */
  readonly seconds: number;
  /** `spurts`: 2 to 6 s of speech, then a pause of 0.5 to 3 s; `continuous`: no pauses at all. */
  readonly speech: "spurts" | "continuous";
  /** Before the first word. Default: 1 s, in which every peer gets connected and quiet. */
  readonly leadInMs?: number;
  /** So many packets for one of Discord's clients: their frames are shorter by this factor. Default: 1. */
  readonly rate?: PacketRate;
  /** Size of each Opus packet. Default: random sizes that amount to about 64 kbit/s. */
  readonly packetBytes?: number;
}

/** The true place of a packet. */
export interface PacketTruth {
  readonly userId: string;
  /** The packet's number among its speaker's packets, in the order of sending. */
  readonly index: number;
  /** RTP place on the call's clock, in samples of 48 kHz. */
  readonly placeSamples: number;
}

export interface Load {
  readonly options: LoadOptions;
  readonly fixture: CallFixture;
  /** By `keyOf` of the Opus packet. */
  readonly truth: ReadonlyMap<string, PacketTruth>;
}

/** How long the frames of Discord's own clients are. */
const FRAME_MS = 20;
const SAMPLES_PER_MS = SAMPLES_PER_SECOND / 1_000;
/**
 * Mono, full band, one frame of 20, 10 or 5 ms (RFC 6716 §3.1): hybrid as Discord's own clients send speech, and CELT
 * for the shortest, which hybrid does not have.
 */
const TOC_OF_RATE = { 1: 0x78, 2: 0x70, 4: 0xe8 } as const;
export type PacketRate = keyof typeof TOC_OF_RATE;
/** Some 64 kbit/s, as Discord's channels have by default: 160 bytes, give or take 40. */
const MIN_PACKET_BYTES = 120;
const MAX_PACKET_BYTES = 200;
const LEAD_IN_MS = 1_000;
/**
 * People stay for this time after the last word, in which the recipe's last file ends by its own rule (1 s of silence).
 */
const TAIL_MS = 1_600;
const SPURT_MS = { least: 2_000, most: 6_000 };
const PAUSE_MS = { least: 500, most: 3_000 };

/** Makes the call: the same one for the same options. */
export function makeLoad(options: LoadOptions): Load {
  const { leadInMs = LEAD_IN_MS, seconds } = options;
  const endMs = leadInMs + seconds * 1_000;
  const lastMs = endMs + TAIL_MS;
  const events: CallEvent[] = [];
  const packets = new Map<string, readonly TimedRtpPacket[]>();
  const truth = new Map<string, PacketTruth>();
  for (let speaker = 0; speaker < options.speakers; speaker += 1) {
    const userId = String(300_000_000_000_000_000n + BigInt(speaker));
    const name = `speaker${speaker + 1}`;
    const user = { id: userId, username: name, displayName: name, bot: false };
    events.push(callEvent.parse({ type: "join", atMs: 0, user }));
    packets.set(userId, sayAll(options, userId, speaker, spokenAt(options, leadInMs, speaker, endMs), truth));
  }
  for (const userId of packets.keys()) events.push({ type: "leave", atMs: lastMs, userId });
  events.push({ type: "end", atMs: lastMs });
  const header = callHeader.parse({
    type: "call",
    version: 1,
    startedAt: "2026-01-01T12:00:00.000Z",
    guild: { id: "100000000000000001", name: "Benchmark" },
    channel: { id: "100000000000000002", name: "Meeting" },
  });
  return { options, fixture: { header, events, packets }, truth };
}

/** The key that identifies a packet. */
export function keyOf(opus: Buffer): string {
  return opus.toString("latin1");
}

/**
 * When a speaker's packets are said. RTP clocks count whole frames, so pauses are multiples of 20 ms. Each speaker
 * sends at another moment within these 20 ms, so that 25 speakers are not one burst.
 */
function spokenAt(options: LoadOptions, leadInMs: number, speaker: number, endMs: number): number[] {
  const { seed, seconds, speech, rate = 1 } = options;
  const frameMs = FRAME_MS / rate;
  const startMs = leadInMs + pick(FRAME_MS, seed, "phase", speaker);
  if (speech === "continuous") {
    return Array.from({ length: (seconds * 1_000) / frameMs }, (_, index) => startMs + index * frameMs);
  }
  const times: number[] = [];
  let atMs = startMs + toPackets(chance(seed, "entry", speaker) * PAUSE_MS.most);
  for (let spurt = 0; atMs < endMs; spurt += 1) {
    const untilMs = Math.min(endMs, atMs + lengthMs(SPURT_MS, seed, "spurt", speaker, spurt));
    for (; atMs < untilMs; atMs += frameMs) times.push(atMs);
    atMs += lengthMs(PAUSE_MS, seed, "pause", speaker, spurt);
  }
  return times;
}

function lengthMs({ least, most }: { least: number; most: number }, ...keys: (string | number)[]): number {
  return toPackets(least + chance(...keys) * (most - least));
}

function toPackets(milliseconds: number): number {
  return Math.round(milliseconds / FRAME_MS) * FRAME_MS;
}

/** A speaker's RTP stream, whose clock runs on in silence, as people's clients do it. */
function sayAll(
  options: LoadOptions,
  userId: string,
  speaker: number,
  times: readonly number[],
  truth: Map<string, PacketTruth>,
): TimedRtpPacket[] {
  const { seed } = options;
  const firstSequence = pick(0x1_0000, seed, "sequence", speaker);
  const firstTimestamp = pick(2 ** 32, seed, "timestamp", speaker);
  return times.map((atMs, index) => {
    const opus = opusPacket(options, speaker, index);
    truth.set(keyOf(opus), { userId, index, placeSamples: atMs * SAMPLES_PER_MS });
    const header = buildRtpHeader({
      payloadType: RTP_PAYLOAD_TYPE_OPUS,
      sequence: firstSequence + index,
      rtpTimestamp: firstTimestamp + atMs * SAMPLES_PER_MS,
      ssrc: 10_000 + speaker,
    });
    return { atMs, rtp: Buffer.concat([header, opus]) };
  });
}

/** It contains speaker and index, so no two packets are equal, whatever the noise. */
function opusPacket({ seed, packetBytes, rate = 1 }: LoadOptions, speaker: number, index: number): Buffer {
  const anySize = () => MIN_PACKET_BYTES + pick(MAX_PACKET_BYTES - MIN_PACKET_BYTES + 1, seed, "bytes", speaker, index);
  const bytes = packetBytes ?? anySize();
  const opus = noise(bytes, seed, "opus", speaker, index);
  opus.writeUInt8(TOC_OF_RATE[rate], 0);
  opus.writeUInt8(speaker, 1);
  opus.writeUInt16BE(index % 0x1_0000, 2);
  return opus;
}
