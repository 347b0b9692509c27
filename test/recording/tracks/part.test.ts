import { describe, expect, it } from "vitest";
import { checkOggOpus } from "../../../src/audio/ogg/ogg-check.ts";
import { Part } from "../../../src/recording/tracks/part.ts";
import { MemorySpool } from "../../support/memory-spool.ts";
import { pagesOf } from "../../support/ogg-pages.ts";

const FRAME = 960;
const START = 48_000;
/** Full-band CELT of 20 ms. */
const SOUND = Buffer.from([0xfb, 0x01, 3, 4]);
const COMFORT = Buffer.from("f8fffe", "hex");

function startedPart(startSamples = START) {
  const spool = new MemorySpool();
  const waits: number[] = [];
  const part = new Part(
    {
      ...{ name: "a.ogg", number: 3, startSamples, serial: 1, vendor: "test", tags: {} },
      onPage: (waitedMs) => waits.push(waitedMs),
    },
    spool.create("a.ogg"),
  );
  /** Closes the part. @returns the file's content after its lead-in */
  const stored = async (): Promise<string[]> => {
    await part.close();
    const { faults, packets, durationSamples } = checkOggOpus(spool.bytesOf("a.ogg"));
    expect(faults).toEqual([]);
    expect(durationSamples).toBe(part.durationSamples);
    return packets.slice(1).map(({ opus }) => opus.toString("hex"));
  };
  return { part, spool, waits, stored };
}

const NONE = { received: 0, lost: 0, concealed: 0, late: 0, duplicate: 0, undecryptable: 0, unattributed: 0 };

describe("Part", () => {
  it("begins at its place in the session and is empty", async () => {
    const { part, stored } = startedPart();
    expect([part.name, part.number]).toEqual(["a.ogg", 3]);
    expect([part.startSamples, part.endSamples, part.durationSamples, part.soundSamples]).toEqual([START, START, 0, 0]);
    expect(part.packets).toEqual(NONE);
    expect(part.failure).toBeUndefined();
    expect(await stored()).toEqual([]);
  });

  it("reports a problem with its file", () => {
    const failure = new Error("no space left on device");
    const writer = { ...new MemorySpool().create("a.ogg"), failure };
    const options = { name: "a.ogg", number: 1, startSamples: 0, serial: 1, vendor: "test", tags: {} };
    expect(new Part({ ...options, onPage: () => undefined }, writer).failure).toBe(failure);
  });

  it("counts what it receives, and how much of it is sound", async () => {
    const { part, stored } = startedPart();
    part.write(SOUND, FRAME, true, 0);
    part.write(COMFORT, FRAME, false, 20);
    expect(part.packets).toEqual({ ...NONE, received: 2 });
    expect([part.endSamples, part.durationSamples, part.soundSamples]).toEqual([START + 2 * FRAME, 2 * FRAME, FRAME]);
    expect(await stored()).toEqual([SOUND.toString("hex"), "f8fffe"]);
  });

  it.each([
    ["nothing, up to its end", 0, 0, [], 0],
    ["nothing, over less than 2.5 ms", 119, 0, [], 0],
    ["2.5 ms of silence", 120, 0, ["e0"], 0],
    ["silence over a pause", 3 * FRAME, 0, ["f8fffe", "fb02"], 0],
    ["what conceals lost packets, of the kind that came before", 2 * FRAME, 2, ["f8", "f8"], 2],
    ["silence over more than five lost packets", 6 * FRAME, 6, ["f8fffe", "fb05"], 0],
  ])("fills in %s", async (_, gapSamples, lost, fill, concealed) => {
    const { part, stored } = startedPart();
    part.write(COMFORT, FRAME, false, 0);
    part.write(SOUND, FRAME, true, 0);
    part.fillTo(START + 2 * FRAME + gapSamples, lost, 40);
    expect(part.packets).toEqual({ ...NONE, received: 2, lost, concealed });
    expect((await stored()).slice(2)).toEqual(fill);
  });

  it("conceals nothing if nothing came before", async () => {
    const { part, stored } = startedPart();
    part.fillTo(START + FRAME, 1, 0);
    expect(part.packets).toEqual({ ...NONE, lost: 1 });
    expect(await stored()).toEqual(["f8fffe"]);
  });

  it("reports how long the oldest packet of each page waited", async () => {
    const { part, spool, waits } = startedPart();
    const { length } = spool.bytesOf("a.ogg");
    part.flush(500);
    // Nothing waits but the lead-in, which gets no page of its own.
    expect(waits).toEqual([]);
    expect(spool.bytesOf("a.ogg")).toHaveLength(length);
    part.write(SOUND, FRAME, true, 1_000);
    part.write(SOUND, FRAME, true, 1_020);
    part.flush(1_300);
    part.flush(1_400);
    expect(waits).toEqual([300]);
    for (let index = 0; index < 51; index += 1) part.write(SOUND, FRAME, true, 2_000 + index * 20);
    // A page holds a second.
    expect(waits).toEqual([300, 1_000]);
    await part.close();
    expect(waits).toEqual([300, 1_000]);
  });

  it("reports that for filled-in packets too", async () => {
    const { part, waits } = startedPart();
    part.fillTo(START + FRAME, 0, 100);
    part.flush(300);
    expect(waits).toEqual([200]);
    // A silence of whole pages leaves nothing behind that waits.
    part.fillTo(part.endSamples + FRAME + 480 * 5_760, 0, 1_000);
    part.flush(2_000);
    part.write(SOUND, FRAME, true, 3_000);
    part.flush(3_100);
    expect(waits.at(-1)).toBe(100);
  });

  it("is one complete file, however often it is closed", async () => {
    const { part, spool } = startedPart();
    part.write(SOUND, FRAME, true, 0);
    const file = await part.close();
    expect(file).toMatchObject({ name: "a.ogg", bytes: spool.bytesOf("a.ogg").length });
    expect(await part.close()).toBe(file);
  });

  it("repeats its last page at the end if nothing waits for a page", async () => {
    const { part, stored } = startedPart();
    part.write(SOUND, FRAME, true, 0);
    part.flush(10);
    expect(await stored()).toEqual([SOUND.toString("hex")]);
  });

  it("takes back what is not on a page yet", async () => {
    const { part, stored, waits } = startedPart();
    part.write(SOUND, FRAME, true, 0);
    part.write(COMFORT, FRAME, false, 20);
    part.flush(30);
    part.write(SOUND, FRAME, true, 40);
    part.write(SOUND, FRAME, true, 60);
    part.write(COMFORT, FRAME, false, 80);
    expect(part.takeBackUnwritten(100)).toEqual({
      packets: 3,
      soundSamples: 2 * FRAME,
      writtenToSamples: START + 2 * FRAME,
    });
    expect(part.packets).toEqual({ ...NONE, received: 2 });
    expect([part.soundSamples, part.durationSamples]).toEqual([FRAME, 2 * FRAME]);
    expect(part.takeBackUnwritten(100)).toEqual({ packets: 0, soundSamples: 0, writtenToSamples: START + 2 * FRAME });
    part.flush(200);
    expect(waits).toEqual([30]);
    expect(await stored()).toEqual([SOUND.toString("hex"), "f8fffe"]);
  });

  it("has silence in place of removed audio if it would be empty otherwise", async () => {
    const { part, stored } = startedPart();
    part.write(SOUND, FRAME, true, 0);
    part.write(SOUND, FRAME, true, 20);
    expect(part.takeBackUnwritten(40)).toEqual({ packets: 2, soundSamples: 2 * FRAME, writtenToSamples: START });
    expect(part.packets).toEqual(NONE);
    expect(part.durationSamples).toBe(2 * FRAME);
    expect(await stored()).toEqual(["f8fffe", "fb01"]);
  });
});

describe("a silence of four hours", () => {
  const HOURS = 4 * 3_600 * 48_000;
  /** Headers, the page before the long silence, and 2,500 pages of it: 40 minutes. */
  const FIRST = 3 + 2_500;

  function longSilence(waitingBytes = 0) {
    const pieces: Buffer[] = [];
    const disk = { waitingBytes };
    const part = new Part(
      {
        ...{ name: "a.ogg", number: 1, startSamples: 0, serial: 1, vendor: "test", tags: {} },
        onPage: () => undefined,
      },
      {
        failure: undefined,
        get waitingBytes() {
          return disk.waitingBytes;
        },
        append: (bytes) => pieces.push(bytes),
        synced: async () => undefined,
        replaceLast: (bytes) => pieces.splice(-1, 1, bytes),
        close: async () => ({ name: "a.ogg", path: "a.ogg", bytes: 0, sha256: "" }),
      },
    );
    part.fillTo(HOURS, 0, 0);
    const pages = (): number => pagesOf(Buffer.concat(pieces)).length;
    return { part, pieces, disk, pages };
  }

  it("is written 40 minutes at a time, before what follows it", async () => {
    const { part, pieces, pages } = longSilence();
    expect(pages()).toBe(FIRST);
    part.write(SOUND, FRAME, true, 0);
    part.flush(0);
    part.write(COMFORT, FRAME, false, 0);
    expect(pages()).toBe(FIRST);
    const steps = Array.from({ length: 7 }, () => {
      part.advance();
      return pages() - FIRST;
    });
    // 14,999 pages of silence in all; the page with the sound comes behind them.
    expect(steps).toEqual([2_500, 5_000, 7_500, 10_000, 12_500, 12_500, 12_500]);
    await part.close();
    const { faults, packets, durationSamples } = checkOggOpus(Buffer.concat(pieces));
    expect({ faults, durationSamples }).toEqual({ faults: [], durationSamples: HOURS + 2 * FRAME });
    expect(packets.slice(-2).map(({ opus }) => opus)).toEqual([SOUND, COMFORT]);
  });

  it("waits for a busy disk", () => {
    const { part, disk, pages } = longSilence(250_000);
    expect(pages()).toBe(3);
    part.advance();
    expect(pages()).toBe(3);
    disk.waitingBytes = 249_999;
    part.advance();
    expect(pages()).toBe(FIRST);
  });

  it("is complete even if the part ends before all of it was written", async () => {
    const { part, pieces } = longSilence(250_000);
    await part.close();
    const { faults, durationSamples } = checkOggOpus(Buffer.concat(pieces));
    expect({ faults, durationSamples }).toEqual({ faults: [], durationSamples: HOURS });
  });
});
