import { describe, expect, it } from "vitest";
import { checkOggOpus } from "../../../src/audio/ogg/ogg-check.ts";
import { planOggRepair } from "../../../src/audio/ogg/ogg-repair.ts";
import { SessionClock } from "../../../src/recording/call/session-clock.ts";
import type { VoiceFrame } from "../../../src/recording/ports/voice.ts";
import { SpeakerTracks } from "../../../src/recording/tracks/speaker-tracks.ts";
import type { FinishedPart } from "../../../src/recording/tracks/track-listener.ts";
import { partFileName } from "../../../src/session/job-files.ts";
import { MemorySpool } from "../../support/memory-spool.ts";
import { pagesOf } from "../../support/ogg-pages.ts";
import { VirtualClock } from "../../support/virtual-clock.ts";

const ALICE = "200000000000000001";
const BOB = "200000000000000002";
const FRAME = 960;

function speakerTracks() {
  const machine = new VirtualClock();
  const startMs = machine.nowMs();
  const spool = new MemorySpool();
  const parts: FinishedPart[] = [];
  const waits: number[] = [];
  const tracks = new SpeakerTracks({
    clock: new SessionClock(machine),
    spool,
    rotation: { mode: "utterance", silenceSamples: 96_000, maxPartSamples: 600 * 48_000 },
    tags: { jobId: "job_1", guildName: "Guild", channelName: "Channel", vendor: "test 1.0" },
    displayName: (userId) => `User ${userId.slice(-1)}`,
    listener: {
      ...{ partOpened: () => undefined, anchored: () => undefined, talkspurt: () => undefined },
      partClosed: (part) => parts.push(part),
      partFailed: ({ name, error }) => {
        throw new Error(`${name} failed: ${String(error)}`);
      },
      partNotBegun: (_, error) => {
        throw error;
      },
      refused: (userId, fate) => {
        throw new Error(`${userId}: ${fate}`);
      },
      paged: (waitedMs) => waits.push(waitedMs),
    },
  });
  /** A 20 ms packet at its sequence number's time; 0 bytes if it is all padding. */
  const frame = (userId: string, sequence: number, bytes = 5): VoiceFrame => ({
    ...{ userId, ssrc: Number(userId.slice(-1)), connection: 1, sequence, rtpTimestamp: sequence * FRAME },
    arrivalMs: startMs + sequence * 20,
    opus: Buffer.alloc(bytes, 0x78),
    durationSamples: bytes === 0 ? 0 : FRAME,
  });
  const speak = (userId: string, from: number, to: number): void => {
    for (let sequence = from; sequence < to; sequence += 1) tracks.push(frame(userId, sequence));
  };
  const poll = (sessionMs: number): void => tracks.poll(startMs + sessionMs);
  return { tracks, spool, parts, waits, frame, speak, poll };
}

describe("SpeakerTracks", () => {
  it("writes a file for each speaker, with tags for its speaker and its place", async () => {
    const { tracks, spool, parts, speak } = speakerTracks();
    speak(ALICE, 75, 100);
    speak(BOB, 100, 150);
    await tracks.close();
    expect(parts.map(({ userId, durationSamples }) => [userId, durationSamples])).toEqual([
      [ALICE, 25 * FRAME],
      [BOB, 50 * FRAME],
    ]);
    expect([...spool.files.keys()]).toEqual([`audio.${ALICE}.ogg`, `audio.${BOB}.ogg`]);
    const file = spool.bytesOf(`audio.${ALICE}.ogg`);
    expect(checkOggOpus(file).faults).toEqual([]);
    expect(file.includes("test 1.0")).toBe(true);
    expect(Object.fromEntries(planOggRepair(file)?.tags ?? [])).toEqual({
      TITLE: "Channel, User 1",
      ARTIST: "User 1",
      DATE: "2026-01-01T00:00:06.500Z",
      DISCORD_USER_ID: ALICE,
      DISCORD_GUILD: "Guild",
      DISCORD_CHANNEL: "Channel",
      MEETBOT_JOB_ID: "job_1",
      MEETBOT_PART: "1",
      MEETBOT_START_OFFSET_MS: "1500",
    });
  });

  it("gives each file of a recording a unique stream serial number", async () => {
    const { tracks, spool, speak } = speakerTracks();
    speak(ALICE, 0, 20);
    tracks.closeParts();
    speak(ALICE, 20, 40);
    speak(BOB, 0, 20);
    await tracks.close();
    const serials = [...spool.files.values()].map((file) => new Set(pagesOf(file).map(({ serial }) => serial)));
    expect(serials.map(({ size }) => size)).toEqual([1, 1, 1]);
    expect(new Set(serials.flatMap((serial) => [...serial])).size).toBe(3);
    // 32 bits of a 64-bit id, and so that the next part's differs.
    const [first] = serials[0] ?? [];
    expect(first).toBe(Number((BigInt(ALICE) * 31n + 1n) % 2n ** 32n));
  });

  it("numbers the parts consecutively", () => {
    expect([1, 2, 13].map((number) => partFileName("7", number))).toEqual([
      "audio.7.ogg",
      "audio.7-2.ogg",
      "audio.7-13.ogg",
    ]);
  });

  it("counts drops in the open part, and otherwise in the next part", async () => {
    const { tracks, parts, frame, speak } = speakerTracks();
    tracks.countDrop(ALICE, "unattributed");
    tracks.countDrop(ALICE, "unattributed");
    tracks.countDrop(ALICE, "dave_undecryptable");
    speak(ALICE, 0, 20);
    expect(tracks.push(frame(ALICE, 19))).toBe("duplicate");
    tracks.countDrop(ALICE, "dave_plaintext");
    await tracks.close();
    expect(parts.map(({ packets }) => packets)).toEqual([
      { received: 20, lost: 0, concealed: 0, late: 0, duplicate: 1, undecryptable: 2, unattributed: 2 },
    ]);
  });

  it("processes a packet without sound in order, but makes nobody a speaker", async () => {
    const { tracks, parts, frame, speak } = speakerTracks();
    tracks.skip(frame(BOB, 0, 0));
    speak(ALICE, 0, 20);
    tracks.skip(frame(ALICE, 20, 0));
    speak(ALICE, 21, 40);
    await tracks.close();
    expect(parts.map(({ userId, packets: { received, lost } }) => [userId, received, lost])).toEqual([[ALICE, 39, 0]]);
  });

  it("reports how long a person has talked, whose file is open, and how many packets wait", async () => {
    const { tracks, frame, speak, poll } = speakerTracks();
    expect([tracks.isWriting, tracks.reorderDepth, tracks.talkSamples(ALICE)]).toEqual([false, 0, 0]);
    speak(ALICE, 0, 50);
    speak(BOB, 40, 50);
    expect([tracks.isWriting, tracks.reorderDepth]).toEqual([true, 10]);
    tracks.push(frame(ALICE, 52));
    expect(tracks.reorderDepth).toBe(11);
    poll(1_500);
    expect([tracks.reorderDepth, tracks.talkSamples(ALICE), tracks.talkSamples(BOB)]).toEqual([
      0,
      51 * FRAME,
      10 * FRAME,
    ]);
    tracks.closeParts();
    expect(tracks.isWriting).toBe(false);
    await tracks.close();
  });

  it("writes the pages of all speakers together, every half second", () => {
    const { waits, speak, poll } = speakerTracks();
    speak(ALICE, 0, 20);
    speak(BOB, 5, 20);
    poll(400);
    // The first packets are held for 250 ms; what waits is given out by what comes then.
    expect(waits).toHaveLength(2);
    speak(ALICE, 20, 40);
    speak(BOB, 20, 40);
    poll(899);
    expect(waits).toHaveLength(2);
    poll(900);
    expect(waits).toHaveLength(4);
    poll(1_000);
    expect(waits).toHaveLength(4);
  });

  it("ends the streams of a lost connection", () => {
    const { tracks, speak } = speakerTracks();
    speak(ALICE, 0, 5);
    expect(tracks.reorderDepth).toBe(5);
    tracks.endConnection();
    expect(tracks.reorderDepth).toBe(0);
    expect(tracks.talkSamples(ALICE)).toBe(5 * FRAME);
  });

  it("takes back only one speaker's unwritten packets", async () => {
    const { tracks, parts, speak } = speakerTracks();
    expect(tracks.takeBackUnwritten(ALICE)).toBe(0);
    speak(ALICE, 0, 50);
    speak(BOB, 0, 50);
    // All but the second that has its page already.
    expect(tracks.takeBackUnwritten(ALICE)).toBe(1);
    await tracks.close();
    expect(parts.map(({ userId, packets: { received } }) => [userId, received])).toEqual([
      [ALICE, 49],
      [BOB, 50],
    ]);
  });
});
