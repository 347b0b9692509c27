import { describe, expect, test } from "vitest";
import { noDrops } from "../../src/audio/fates.ts";
import { samplesToMs } from "../../src/audio/opus-packet.ts";
import { manifestSchema } from "../../src/session/manifest.ts";

const COUNTS = { received: 1, lost: 0, late: 0, duplicate: 0, concealed: 0, undecryptable: 0, unattributed: 0 };
const DATAGRAMS = { received: 1, written: 1, dropped: noDrops() };

const MANIFEST = {
  schemaVersion: 1,
  platform: "discord",
  jobId: "job_1",
  externalId: null,
  exitReason: "alone_in_room",
  exitDetail: "the last person left 60 s ago and nobody came back",
  failureCode: null,
  startedAt: "2026-01-15T09:00:00.000Z",
  endedAt: "2026-01-15T09:01:00.000Z",
  durationSeconds: 60,
  guild: { id: "1", name: "Acme" },
  channel: { id: "2", name: "Stand-up" },
  textChannelId: null,
  consentMode: "notice",
  speakers: [{ id: "3", displayName: "Ada" }],
  participants: [
    {
      ...{ id: "3", username: "ada", displayName: "Ada", bot: false, speakerLabel: "A" },
      talkTimeMs: 20,
      present: [{ fromMs: 0, toMs: 60_000 }],
      consent: "unanswered",
      withheld: [],
      datagrams: DATAGRAMS,
    },
  ],
  tracks: [
    {
      ...{ trackId: "3", kind: "per-speaker", format: "opus", speakerId: "3", part: 1 },
      uri: "file:///recordings/job_1/audio.3.ogg",
      bytes: 200,
      sha256: "0".repeat(64),
      encoding: { mimeType: "audio/ogg; codecs=opus" },
      startOffsetMs: 2.5,
      durationMs: 20,
      packets: COUNTS,
    },
  ],
  events: [{ type: "participant.leave", atMs: 1, participantId: "3" }],
  eventsUri: "file:///recordings/job_1/events.jsonl",
  e2ee: { daveProtocolVersion: 1, epochs: 2, plaintextPackets: 0 },
  gaps: [{ startMs: 1, endMs: 2, reason: "reconnect" }],
  datagrams: DATAGRAMS,
  warnings: [],
  software: { name: "meetbot-discord", version: "0.1.0" },
};

describe("a manifest", () => {
  test("is accepted with and without chat", () => {
    expect(manifestSchema.safeParse(MANIFEST).error).toBeUndefined();
    const withChat = { ...MANIFEST, chatUri: "file:///recordings/job_1/chat.jsonl", chatEvents: 3 };
    expect(manifestSchema.parse(withChat)).toEqual(withChat);
  });

  test.each<[string, object]>([
    ["another platform", { platform: "zoom" }],
    ["an unknown exit reason", { exitReason: "bored" }],
    ["an unknown failure code", { failureCode: "bored" }],
    ["a time without a zone", { startedAt: "2026-01-15T09:00:00" }],
    ["a negative count", { e2ee: { daveProtocolVersion: 1, epochs: -1, plaintextPackets: 0 } }],
    ["a fate that is not a count", { datagrams: { received: 1, written: 1, dropped: { of_tomorrow: "1" } } }],
    ["a hash of another length", { tracks: [{ ...MANIFEST.tracks[0], sha256: "0".repeat(63) }] }],
    ["a part 0", { tracks: [{ ...MANIFEST.tracks[0], part: 0 }] }],
    ["a roster event of another kind", { events: [{ type: "talkspurt", atMs: 0, endMs: 1, speakerId: "3" }] }],
  ])("with %s is refused", (_, change) => {
    expect(manifestSchema.safeParse({ ...MANIFEST, ...change }).success).toBe(false);
  });

  test.each(Object.keys(MANIFEST))("without %s is refused", (key) => {
    const rest = Object.fromEntries(Object.entries(MANIFEST).filter(([name]) => name !== key));
    expect(manifestSchema.safeParse(rest).success).toBe(false);
  });

  test("of an earlier version has 0 for what that version did not count", () => {
    const { dave_plaintext, excess, silence, ...known } = MANIFEST.datagrams.dropped;
    const { daveProtocolVersion, epochs } = MANIFEST.e2ee;
    const earlier = {
      ...MANIFEST,
      datagrams: { ...MANIFEST.datagrams, dropped: known },
      e2ee: { daveProtocolVersion, epochs },
    };
    expect({ dave_plaintext, excess, silence }).toEqual({ dave_plaintext: 0, excess: 0, silence: 0 });
    expect(manifestSchema.parse(earlier)).toEqual(MANIFEST);
  });

  test("of a later version keeps unknown fates, so the sum is right", () => {
    const datagrams = { received: 5, written: 1, dropped: { ...noDrops(), of_tomorrow: 4 } };
    expect(manifestSchema.parse({ ...MANIFEST, datagrams, new_field: {} })).toEqual({ ...MANIFEST, datagrams });
  });
});

test("48 samples are a millisecond.", () => {
  expect([0, 1, 120, 48_000].map(samplesToMs)).toEqual([0, 1 / 48, 2.5, 1_000]);
});
