import { expect, test } from "vitest";
import { noPackets } from "../../../src/recording/tracks/part.ts";
import { trackEvents } from "../../../src/recording/tracks/track-events.ts";
import { memoryJournal } from "../../support/memory-journal.ts";

const SECOND = 48_000;

test("Track events become session events, in milliseconds.", () => {
  const { journal, events } = memoryJournal();
  const { partOpened, anchored, talkspurt } = trackEvents(journal);
  partOpened({ userId: "1", name: "audio.1.ogg", startSamples: 2 * SECOND });
  anchored("1", 77, { reason: "clock_skew", positionSamples: 3 * SECOND, shiftSamples: -480 });
  talkspurt("1", SECOND, 2 * SECOND);
  expect(events()).toEqual([
    { type: "part.open", atMs: 2_000, speakerId: "1", file: "audio.1.ogg" },
    { type: "anchor", atMs: 3_000, speakerId: "1", ssrc: 77, reason: "clock_skew", shiftMs: -10 },
    { type: "talkspurt", atMs: 1_000, endMs: 2_000, speakerId: "1" },
  ]);
});

test("A closed part is an event, and a journal line that names no path on this machine.", () => {
  const { journal, events, notes } = memoryJournal();
  const part = {
    ...{ userId: "1", number: 2, startSamples: SECOND, durationSamples: 3 * SECOND, talkSamples: SECOND },
    packets: { ...noPackets(), received: 5 },
    openTalkspurt: { start: 10, end: 20 },
  };
  const file = { name: "audio.1-2.ogg", bytes: 100, sha256: "ab" };
  trackEvents(journal).partClosed({ ...part, file: { ...file, path: "/var/spool/audio.1-2.ogg" } });
  expect(events()).toEqual([{ type: "part.close", atMs: 1_000, endMs: 4_000, speakerId: "1", file: "audio.1-2.ogg" }]);
  expect(notes()).toEqual([{ type: "part", ...part, file }]);
});
