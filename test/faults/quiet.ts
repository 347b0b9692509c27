import { parseArgs } from "node:util";
import { SILENCE_PACKET } from "../../src/audio/opus-packet.ts";
import { buildRtpHeader, RTP_PAYLOAD_TYPE_OPUS } from "../../src/audio/rtp.ts";
import type { CallEvent, CallFixture, TimedRtpPacket } from "../../src/fixture/call-script.ts";
import type { Loopback } from "../../src/loopback/loopback.ts";
import { person, toneCall } from "../support/tone-call.ts";
import { type Recorded, recordFixture } from "../support/worker.ts";

/** By hand, for ten minutes: `npm run quiet`. */

const ALICE = person(1);
const BOB = person(2);
const CAROL = person(3);
const ELSEWHERE = "100000000000000004";
const PACKET_MS = 20;
const PACKET_SAMPLES = 960;
/** Discord's clients send so many when somebody lets go of a key. */
const CLICK_PACKETS = 5;
const CLICK_EVERY_MS = 4_000;
const SPEAKING_EVERY_MS = 700;

/**
 * A call in which somebody says something in the first second and nobody does afterwards: Bob sends comfort silence all
 * the while, Carol clicks her microphone's key, the gateway announces people as speaking and as silent. The voice
 * connection is lost once, migrates once, and everybody moves to another channel once, each to be quiet again.
 */
export async function recordQuiet(seconds: number, daveProtocolVersion: 0 | 1): Promise<Recorded> {
  const lastMs = seconds * 1_000;
  const fixture = quietCall(lastMs, daveProtocolVersion === 0);
  return await recordFixture(fixture, {
    environment: { MEETBOT_AUTO_LEAVE_AFTER_SOLO_SECONDS: "8", MEETBOT_AUTO_LEAVE_AFTER_SILENCE_SECONDS: "0" },
    loopback: { behaviour: { speakingAtConnect: 1, videoAtConnect: true } },
    during: async (worker, loopback) => {
      await worker.until("state: recording");
      announce(loopback, lastMs);
    },
  });
}

/** Things that must not be in such a recording, a sentence for each. */
export function complaintsAbout({ exitCode, manifest, log }: Recorded): string[] {
  const count = (wanted: string) => log.filter(({ kind }) => kind === wanted).length;
  const complaints: string[] = [];
  if (exitCode !== 0 || manifest.exitReason !== "alone_in_room") {
    complaints.push(`it ended with ${exitCode}, ${manifest.exitReason}: ${manifest.exitDetail}`);
  }
  // `suppressed` is expected in the audience of a stage, which is not encrypted end to end.
  const warnings = manifest.warnings.map(({ code }) => code).filter((code) => code !== "suppressed");
  if (warnings.length > 0) complaints.push(`warnings: ${warnings.join(", ")}`);
  if (manifest.gaps.some(({ reason }) => reason === "unheard")) complaints.push("quiet was taken for unheard speech");
  if (count("dave_left_group") > 0) complaints.push(`opcode 31 came ${count("dave_left_group")} times`);
  // At first, after 4006, after the migration, after the move.
  if (count("voice_identify") !== 4) complaints.push(`${count("voice_identify")} voice connections, not 4`);
  return complaints;
}

function quietCall(lastMs: number, stage: boolean): CallFixture {
  const everybody = [ALICE, BOB, CAROL];
  const moveAtMs = Math.floor(lastMs * 0.75);
  const moves = everybody.map(
    (user): CallEvent => ({ type: "move", atMs: moveAtMs, userId: user.id, channelId: ELSEWHERE }),
  );
  const leaves = everybody.map((user): CallEvent => ({ type: "leave", atMs: lastMs, userId: user.id }));
  const fixture = toneCall(
    everybody.map((user) => ({ user, speaksFromMs: 0, packetCount: user === ALICE ? 50 : 0 })),
    {
      stage,
      events: [
        ...moves,
        ...leaves,
        { type: "fault", atMs: Math.floor(lastMs * 0.25), fault: { kind: "close_voice", code: 4006 } },
        { type: "fault", atMs: Math.floor(lastMs * 0.5), fault: { kind: "migrate_voice" } },
        { type: "fault", atMs: moveAtMs, fault: { kind: "move_bot", channelId: ELSEWHERE } },
      ],
    },
  );
  const comfort = Array.from(
    { length: Math.floor((lastMs - 2_000) / PACKET_MS) },
    (_, index) => 2_000 + index * PACKET_MS,
  );
  const clicks = comfort.filter((atMs) => atMs % CLICK_EVERY_MS < CLICK_PACKETS * PACKET_MS);
  const packets = new Map([
    ...fixture.packets,
    [BOB.id, silenceAt(comfort, 2_001)],
    [CAROL.id, silenceAt(clicks, 2_002)],
  ]);
  return { ...fixture, packets };
}

function silenceAt(timesMs: readonly number[], ssrc: number): TimedRtpPacket[] {
  return timesMs.map((atMs, sequence) => {
    const rtpTimestamp = Math.round(atMs / PACKET_MS) * PACKET_SAMPLES;
    const header = buildRtpHeader({
      payloadType: RTP_PAYLOAD_TYPE_OPUS,
      sequence: sequence & 0xffff,
      rtpTimestamp,
      ssrc,
    });
    return { atMs, rtp: Buffer.concat([header, SILENCE_PACKET]) };
  });
}

/** Opcodes 5 and 12 without speech, until the call is over. */
function announce({ faults }: Loopback, lastMs: number): void {
  let round = 0;
  const timer = setInterval(() => {
    round += 1;
    for (const { id } of [ALICE, BOB, CAROL]) {
      faults.speaking(id, round % 2);
      if (round % 5 === 0) faults.video(id);
    }
  }, SPEAKING_EVERY_MS);
  setTimeout(() => clearInterval(timer), lastMs - SPEAKING_EVERY_MS);
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { seconds: { type: "string", default: "600" } } });
  const seconds = Number(values.seconds);
  const recordings = await Promise.all(([1, 0] as const).map((version) => recordQuiet(seconds, version)));
  for (const [index, recorded] of recordings.entries()) {
    const complaints = complaintsAbout(recorded);
    const { durationSeconds, gaps } = recorded.manifest;
    const verdict = complaints.length === 0 ? "quiet" : complaints.join("; ");
    process.stdout.write(`DAVE ${1 - index}: ${Math.round(durationSeconds)} s, ${gaps.length} gaps: ${verdict}\n`);
    if (complaints.length > 0) process.exitCode = 1;
  }
}

if (import.meta.main) await main();
