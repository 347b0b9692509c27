import { randomBytes } from "node:crypto";
import { SAMPLES_PER_SECOND } from "../../src/audio/opus-packet.ts";
import { buildRtpHeader, RTP_PAYLOAD_TYPE_OPUS } from "../../src/audio/rtp.ts";
import {
  type CallEvent,
  type CallFixture,
  type CallUser,
  callEvent,
  callHeader,
  type TimedRtpPacket,
} from "../../src/fixture/call-script.ts";

/** TOC of a 20 ms CELT packet, full band, mono, one frame (RFC 6716 §3.1); its bytes are noise to a decoder. */
const TOC = 0xf8;
const PACKET_SAMPLES = 960;
const PACKET_MS = 20;

export const GUILD_ID = "100000000000000001";
export const CHANNEL_ID = "100000000000000002";
export const TEXT_CHANNEL_ID = "100000000000000003";

export interface ToneSpeaker {
  readonly user: CallUser;
  readonly joinsAtMs?: number;
  readonly leavesAtMs?: number;
  readonly speaksFromMs: number;
  readonly packetCount: number;
  /** A silence in between, in which the RTP clock continues. */
  readonly pause?: { readonly afterPackets: number; readonly durationMs: number };
}

export function person(index: number, name = `person${index}`): CallUser {
  return { id: `2000000000000000${String(index).padStart(2, "0")}`, username: name, displayName: name, bot: false };
}

/**
 * One packet a speaker says: RTP with an Opus packet of random bytes, unlike any other.
 *
 * @param pausedMs silence before it, over the whole call
 */
export function tonePacket(ssrc: number, index: number, atMs: number, pausedMs = 0): TimedRtpPacket {
  const header = buildRtpHeader({
    payloadType: RTP_PAYLOAD_TYPE_OPUS,
    sequence: 65_000 + index,
    rtpTimestamp: 4_294_900_000 + index * PACKET_SAMPLES + pausedMs * (SAMPLES_PER_SECOND / 1_000),
    ssrc,
  });
  // The first bits must not all be set, because a frame of silence begins like that.
  return { atMs, rtp: Buffer.concat([header, Buffer.from([TOC, index & 0x7f]), randomBytes(39 + (index % 80))]) };
}

/** A call in memory: each speaker sends one packet every 20 ms. */
export function toneCall(
  speakers: readonly ToneSpeaker[],
  more: { readonly events?: readonly CallEvent[]; readonly stage?: boolean } = {},
): CallFixture {
  const packets = new Map<string, readonly TimedRtpPacket[]>();
  const events: CallEvent[] = [...(more.events ?? [])];
  for (const [index, speaker] of speakers.entries()) {
    const { id } = speaker.user;
    events.push({ type: "join", atMs: speaker.joinsAtMs ?? 0, user: speaker.user });
    if (speaker.leavesAtMs !== undefined) events.push({ type: "leave", atMs: speaker.leavesAtMs, userId: id });
    const { pause } = speaker;
    const said = Array.from({ length: speaker.packetCount }, (_, count) => {
      const pausedMs = pause !== undefined && count >= pause.afterPackets ? pause.durationMs : 0;
      return tonePacket(1_000 + index, count, speaker.speaksFromMs + count * PACKET_MS + pausedMs, pausedMs);
    });
    packets.set(id, said);
  }
  const times = [...events, ...[...packets.values()].flat()].map(({ atMs }) => atMs);
  const lastMs = times.reduce((latest, atMs) => Math.max(latest, atMs), 0);
  events.sort((left, right) => left.atMs - right.atMs);
  events.push({ type: "end", atMs: lastMs });
  return {
    header: callHeader.parse({
      type: "call",
      version: 1,
      startedAt: "2026-01-01T12:00:00.000Z",
      guild: { id: GUILD_ID, name: "Loopback" },
      channel: { id: CHANNEL_ID, name: "Meeting", kind: more.stage ? "stage" : "voice" },
      textChannel: { id: TEXT_CHANNEL_ID, name: "chat" },
      otherChannels: [{ id: "100000000000000004", name: "Elsewhere" }],
    }),
    events: events.map((event) => callEvent.parse(event)),
    packets,
  };
}

/** The Opus packets a speaker of a tone call says, in hex. */
export function saidBy(fixture: CallFixture, userId: string): readonly string[] {
  return (fixture.packets.get(userId) ?? []).map(({ rtp }) => rtp.subarray(12).toString("hex"));
}
