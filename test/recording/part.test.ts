import { describe, expect, it } from "vitest";
import { checkOggOpus } from "../../src/audio/ogg-check.ts";
import { Part } from "../../src/recording/part.ts";
import { MemorySpool } from "../support/memory.ts";

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
  /** What the file holds behind its lead-in; it is closed then. */
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
  it("begins at its place in the session with nothing in it", async () => {
    const { part, stored } = startedPart();
    expect([part.name, part.number]).toEqual(["a.ogg", 3]);
    expect([part.startSamples, part.endSamples, part.durationSamples, part.soundSamples]).toEqual([START, START, 0, 0]);
    expect(part.packets).toEqual(NONE);
    expect(part.failure).toBeUndefined();
    expect(await stored()).toEqual([]);
  });

  it("says what is wrong with its file", () => {
    const failure = new Error("no space left on device");
    const writer = { ...new MemorySpool().create("a.ogg"), failure };
    const options = { name: "a.ogg", number: 1, startSamples: 0, serial: 1, vendor: "test", tags: {} };
    expect(new Part({ ...options, onPage: () => undefined }, writer).failure).toBe(failure);
  });

  it("counts what it is given, and how much of it is sound", async () => {
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

  it("conceals nothing where nothing came before", async () => {
    const { part, stored } = startedPart();
    part.fillTo(START + FRAME, 1, 0);
    expect(part.packets).toEqual({ ...NONE, lost: 1 });
    expect(await stored()).toEqual(["f8fffe"]);
  });

  it("says how long the oldest packet of each page waited for it", async () => {
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

  it("is one file, whole however often it is closed", async () => {
    const { part, spool } = startedPart();
    part.write(SOUND, FRAME, true, 0);
    const file = await part.close();
    expect(file).toMatchObject({ name: "a.ogg", bytes: spool.bytesOf("a.ogg").length });
    expect(await part.close()).toBe(file);
  });

  it("ends with its last page again where nothing waits for a page", async () => {
    const { part, stored } = startedPart();
    part.write(SOUND, FRAME, true, 0);
    part.flush(10);
    expect(await stored()).toEqual([SOUND.toString("hex")]);
  });

  it("takes back what is on no page yet", async () => {
    const { part, stored, waits } = startedPart();
    part.write(SOUND, FRAME, true, 0);
    part.write(COMFORT, FRAME, false, 20);
    part.flush(30);
    part.write(SOUND, FRAME, true, 40);
    part.write(SOUND, FRAME, true, 60);
    part.write(COMFORT, FRAME, false, 80);
    expect(part.takeBack(100)).toEqual({
      packets: 3,
      soundSamples: 2 * FRAME,
      writtenToSamples: START + 2 * FRAME,
    });
    expect(part.packets).toEqual({ ...NONE, received: 2 });
    expect([part.soundSamples, part.durationSamples]).toEqual([FRAME, 2 * FRAME]);
    expect(part.takeBack(100)).toEqual({ packets: 0, soundSamples: 0, writtenToSamples: START + 2 * FRAME });
    part.flush(200);
    expect(waits).toEqual([30]);
    expect(await stored()).toEqual([SOUND.toString("hex"), "f8fffe"]);
  });

  it("has silence in place of what is taken back where it would be empty", async () => {
    const { part, stored } = startedPart();
    part.write(SOUND, FRAME, true, 0);
    part.write(SOUND, FRAME, true, 20);
    expect(part.takeBack(40)).toEqual({ packets: 2, soundSamples: 2 * FRAME, writtenToSamples: START });
    expect(part.packets).toEqual(NONE);
    expect(part.durationSamples).toBe(2 * FRAME);
    expect(await stored()).toEqual(["f8fffe", "fb01"]);
  });
});
