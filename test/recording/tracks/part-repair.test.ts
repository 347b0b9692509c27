import { describe, expect, it } from "vitest";
import { checkOggOpus } from "../../../src/audio/ogg/ogg-check.ts";
import { OggOpusWriter } from "../../../src/audio/ogg/ogg-opus.ts";
import { noPackets } from "../../../src/recording/tracks/part.ts";
import { repairPart } from "../../../src/recording/tracks/part-repair.ts";
import { memoryJournal } from "../../support/memory-journal.ts";

const ALICE = "200000000000000001";
const NAME = `audio.${ALICE}-2.ogg`;
const FRAME = 960;
const SOUND = Buffer.from([0x78, 1, 2, 3]);
const COMFORT = Buffer.from("f8fffe", "hex");
const TAGS = { DISCORD_USER_ID: ALICE, MEETBOT_PART: "2", MEETBOT_START_OFFSET_MS: "1500" };
const START = 1_500 * 48;

/** A part as it is on the disk before it has ended: pages of these packets. */
function unfinished(pages: readonly (readonly Buffer[])[], tags: Readonly<Record<string, string>> = TAGS): Buffer {
  const writer = new OggOpusWriter({ serial: 1, vendor: "test", tags });
  const bytes = [writer.begin()];
  for (const packets of pages) {
    for (const packet of packets) writer.add(packet, FRAME);
    bytes.push(writer.flush() ?? Buffer.alloc(0));
  }
  return Buffer.concat(bytes);
}

async function repaired(file: Buffer | undefined, earlier?: { endSamples: number; reportedMs: number }) {
  const { journal, spool, notes, events } = memoryJournal();
  if (file !== undefined) await spool.write(NAME, file);
  if (earlier !== undefined) {
    journal.note({
      type: "part",
      ...{ userId: ALICE, number: 1, startSamples: 0, durationSamples: earlier.endSamples, packets: noPackets() },
      file: { name: `audio.${ALICE}.ogg`, bytes: 1, sha256: "ab" },
      openTalkspurt: { start: 24_000, end: earlier.endSamples },
    });
    if (earlier.reportedMs > 0)
      journal.event({ type: "talkspurt", atMs: 0, endMs: earlier.reportedMs, speakerId: ALICE });
  }
  const result = await repairPart(journal, spool, NAME);
  const spurts = events().flatMap((event) => (event.type === "talkspurt" ? [[event.atMs, event.endMs]] : []));
  return { result, spool, note: notes().at(-1), events: events(), spurts };
}

const sounds = (count: number): Buffer[] => Array.from({ length: count }, () => SOUND);
const silences = (count: number): Buffer[] => Array.from({ length: count }, () => COMFORT);

describe("repairPart", () => {
  it("makes a complete file from the intact pages, and notes that the part was cut off", async () => {
    const file = unfinished([sounds(10), [...silences(2), ...sounds(3)], sounds(40)]);
    const { result, spool, note, events } = await repaired(file.subarray(0, -1));
    const { faults, durationSamples } = checkOggOpus(spool.bytesOf(NAME));
    expect({ faults, durationSamples }).toEqual({ faults: [], durationSamples: 15 * FRAME });
    const { path: _, ...stored } = result ?? { path: "" };
    expect(result).toEqual(await spool.find(NAME));
    expect(events).toEqual([
      { type: "talkspurt", atMs: 1_500, endMs: 1_800, speakerId: ALICE },
      { type: "part.close", atMs: 1_500, endMs: 1_800, speakerId: ALICE, file: NAME },
    ]);
    expect(note).toEqual({
      type: "part",
      ...{ userId: ALICE, number: 2, startSamples: START, durationSamples: 15 * FRAME },
      // Comfort silence that was received looks the same as silence that was filled in.
      packets: { ...noPackets(), received: 13 },
      talkSamples: 13 * FRAME,
      file: stored,
      repaired: true,
    });
  });

  it("finds talkspurts separated by pauses of 300 ms", async () => {
    const { spurts } = await repaired(unfinished([[...sounds(10), ...silences(15), ...sounds(5), ...silences(14)]]));
    expect(spurts).toEqual([
      [1_500, 1_700],
      [2_000, 2_100],
    ]);
  });

  it.each<[string, { endSamples: number; reportedMs: number }, [number, number][]]>([
    ["that continues from the part before", { endSamples: START - 4_800, reportedMs: 0 }, [[500, 1_700]]],
    [
      "of the part before that was over when this one began",
      { endSamples: START - 14_400, reportedMs: 0 },
      [
        [500, 1_200],
        [1_500, 1_700],
      ],
    ],
    ["whose beginning was reported", { endSamples: START - 4_800, reportedMs: 1_300 }, [[1_300, 1_700]]],
    ["that was reported already", { endSamples: START - 4_800, reportedMs: 1_700 }, []],
  ])("reports each moment once of a talkspurt %s", async (_, earlier, expected) => {
    const { spurts } = await repaired(unfinished([sounds(10)]), earlier);
    expect(spurts.slice(earlier.reportedMs > 0 ? 1 : 0)).toEqual(expected);
  });

  it.each<[string, Buffer | undefined]>([
    ["a file that is not there", undefined],
    ["a file without a whole page of audio", unfinished([])],
    ["a part whose tags are gone", unfinished([sounds(5)], {})],
    ["a part of nobody", unfinished([sounds(5)], { MEETBOT_PART: "2", MEETBOT_START_OFFSET_MS: "0" })],
    ["a part without a number", unfinished([sounds(5)], { DISCORD_USER_ID: ALICE, MEETBOT_START_OFFSET_MS: "0" })],
    ["a part without a place", unfinished([sounds(5)], { DISCORD_USER_ID: ALICE, MEETBOT_PART: "2" })],
  ])("removes %s, and notes nothing", async (_, file) => {
    const { result, spool, note, events } = await repaired(file);
    expect(result).toBeUndefined();
    expect(await spool.find(NAME)).toBeUndefined();
    expect({ note, events }).toEqual({ note: undefined, events: [] });
  });
});
