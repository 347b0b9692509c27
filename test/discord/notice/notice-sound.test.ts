import { readFileSync } from "node:fs";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { parsePage } from "../../../src/audio/ogg/ogg-page.ts";
import { readNoticeSound } from "../../../src/discord/notice/notice-sound.ts";
import { InputError } from "../../../src/errors.ts";

/** As opusenc makes it: its last page ends within a packet. */
const SHIPPED = readFileSync("config/notice.ogg");

async function fileOf(content: Buffer): Promise<string> {
  const path = join(await mkdtemp(join(tmpdir(), "meetbot-notice-")), "notice.ogg");
  await writeFile(path, content);
  return path;
}

it("accepts an encoder's file, and measures its length", async () => {
  const notice = await readNoticeSound(await fileOf(SHIPPED));
  expect(notice.durationMs).toBe(2_500);
  expect(notice.ogg.equals(SHIPPED)).toBe(true);
});

const pages = pagesOf(SHIPPED);
const flipped = Buffer.from(SHIPPED);
flipped.writeUInt8(flipped.readUInt8(flipped.length - 100) ^ 1, flipped.length - 100);

it.each([
  ["cut off within its last page", SHIPPED.subarray(0, -100), /is damaged at byte \d+: the page is cut off/],
  ["cut off after a page", Buffer.concat(pages.slice(0, -1)), /is damaged at byte \d+: .*no end-of-stream page/],
  [
    "without a page in the middle",
    Buffer.concat(pages.toSpliced(2, 1)),
    /is damaged at byte \d+: page number 3, expected 2/,
  ],
  ["with one wrong bit", flipped, /is damaged at byte \d+: the page's checksum does not fit/],
])("refuses a file %s in one sentence, and does not speak the rest", async (_, content, sentence) => {
  const path = await fileOf(content);
  const refused = readNoticeSound(path);
  await expect(refused).rejects.toBeInstanceOf(InputError);
  await expect(refused).rejects.toThrow(sentence);
  await expect(refused).rejects.toThrow(`MEETBOT_NOTICE_AUDIO: ${path} is damaged at byte`);
  await expect(refused).rejects.toThrow("expected an Ogg Opus file of at most 30 s with packets of 20 ms");
});

function pagesOf(file: Buffer): Buffer[] {
  const found: Buffer[] = [];
  for (let offset = 0; offset < file.length; ) {
    const page = parsePage(file, offset);
    if ("fault" in page) throw new Error(page.fault);
    found.push(file.subarray(offset, offset + page.bytes));
    offset += page.bytes;
  }
  return found;
}
