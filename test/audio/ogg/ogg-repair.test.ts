import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkOggOpus } from "../../../src/audio/ogg/ogg-check.ts";
import { OggOpusWriter } from "../../../src/audio/ogg/ogg-opus.ts";
import { oggCrc } from "../../../src/audio/ogg/ogg-page.ts";
import { type OggRepair, planOggRepair } from "../../../src/audio/ogg/ogg-repair.ts";
import { missing, opusinfo } from "../../support/audio-programs.ts";
import { buildPage, pagesOf } from "../../support/ogg-pages.ts";

const TAGS = { TITLE: "a=b", DISCORD_USER_ID: "200000000000000001", EMPTY: "" };

/** A file as it grows, without its end. */
function unfinished(packetCount: number): Buffer {
  const writer = new OggOpusWriter({ serial: 7, vendor: "test", tags: TAGS });
  const pages = [writer.begin()];
  for (let index = 0; index < packetCount; index += 1) {
    const page = writer.add(Buffer.from([0xf8, index & 0xff, index >> 8, 1, 2]), 960);
    if (page !== undefined) pages.push(page);
  }
  return Buffer.concat(pages);
}

function repaired(file: Buffer, plan: OggRepair): Buffer {
  const bytes = Buffer.from(file.subarray(0, plan.keepBytes));
  plan.lastPage?.page.copy(bytes, plan.lastPage.atByte);
  return bytes;
}

describe("a repair of a file that was cut off", () => {
  it("gives a complete stream of all intact pages, wherever the file was cut and whatever follows", () => {
    const file = unfinished(400);
    const whole = checkOggOpus(file);
    fc.assert(
      fc.property(fc.nat(file.length), fc.uint8Array({ maxLength: 200 }), (bytes, garbage) => {
        const cut = Buffer.concat([file.subarray(0, bytes), garbage]);
        const plan = planOggRepair(cut);
        const kept = checkOggOpus(file.subarray(0, bytes)).packets;
        if (plan === undefined) {
          expect(kept).toEqual([]);
          return;
        }
        const report = checkOggOpus(repaired(cut, plan));
        expect(report.faults).toEqual([]);
        expect(report.packets).toEqual(whole.packets.slice(0, kept.length));
        expect(plan).toMatchObject({ durationSamples: report.durationSamples, packets: report.packets });
      }),
    );
  });

  it("changes nothing the second time", () => {
    const file = unfinished(100);
    const plan = planOggRepair(file);
    if (plan === undefined) throw new Error("there is audio");
    const once = repaired(file, plan);
    expect(planOggRepair(once)).toMatchObject({ keepBytes: once.length, lastPage: undefined });
  });

  it("reads the tags that identify the part", () => {
    expect(planOggRepair(unfinished(100))?.tags).toEqual(new Map(Object.entries(TAGS)));
  });

  it("has nothing to repair if no page of audio is intact", () => {
    expect(planOggRepair(Buffer.alloc(0))).toBeUndefined();
    expect(planOggRepair(unfinished(0))).toBeUndefined();
    expect(planOggRepair(Buffer.from("no Ogg at all, but long enough to be one"))).toBeUndefined();
  });

  it("keeps what comes before a missing page, or before a page whose last packet continues on the next", () => {
    const file = unfinished(150);
    const [head, tags, first, second] = pagesOf(file);
    if (!head || !tags || !first || !second) throw new Error("two headers and two pages of audio");
    const without = Buffer.concat([file.subarray(0, second.offset), file.subarray(second.offset + second.bytes)]);
    expect(planOggRepair(without)?.keepBytes).toBe(second.offset);
    expect(planOggRepair(without)?.packets).toHaveLength(first.pieces.length);
    // A lacing value of 255 and none after it, and as many bytes.
    const open = buildPage({ ...second, packets: [Buffer.alloc(254, 0x78)] });
    open.writeUInt8(255, 27);
    const longer = Buffer.concat([open, Buffer.of(0x78)]);
    longer.writeUInt32LE(oggCrc(longer), 22);
    expect(planOggRepair(Buffer.concat([file.subarray(0, second.offset), longer]))?.keepBytes).toBe(second.offset);
  });

  it.skipIf(missing("opusinfo"))("is accepted by opusinfo", async () => {
    const folder = await mkdtemp(join(tmpdir(), "meetbot-test-"));
    const file = unfinished(400);
    for (const bytes of [file.length, file.length - 1, Math.floor(file.length / 2), 600]) {
      const cut = file.subarray(0, bytes);
      const plan = planOggRepair(cut);
      if (plan === undefined) throw new Error("there is audio");
      const path = join(folder, `${bytes}.ogg`);
      await writeFile(path, repaired(cut, plan));
      const { code, text } = await opusinfo(path);
      expect(text).not.toMatch(/warning|error/i);
      expect(code).toBe(0);
    }
  });
});
