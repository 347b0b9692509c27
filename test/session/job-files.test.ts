import { posix } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  attachmentFileName,
  isAttachmentFile,
  isPartFile,
  partFileName,
  shownFileName,
} from "../../src/session/job-files.ts";

const ID = "400000000000000001";

describe("the file name of a stored attachment", () => {
  it.each([
    ["notes.txt", "notes.txt"],
    ["протокол встречи.pdf", "протокол_встречи.pdf"],
    ["../../etc/passwd", "etc_passwd"],
    ["..\\..\\boot.ini", "boot.ini"],
    [".bashrc", "bashrc"],
    ["\u202Egpj.exe", "gpj.exe"],
    ["a\u0000b\nc.png", "a_b_c.png"],
    ["<img src=x>.svg", "img_src_x_.svg"],
    ["", "file"],
    ["....", "file"],
    ["🎵".repeat(50_000), "file"],
    [`${"х".repeat(50_000)}.tar`, `${"х".repeat(48)}.tar`],
    [`${"x".repeat(500)}.tar`, `${"x".repeat(96)}.tar`],
  ])("of %j is %s after its id", (filename, stored) => {
    expect(attachmentFileName(ID, filename)).toBe(`attachments/${ID}-${stored}`);
  });

  it("stays in its folder, short and without control or direction characters, whatever its original name", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 300 }), (filename) => {
        const name = attachmentFileName(ID, filename);
        expect(posix.normalize(name)).toBe(name);
        expect(posix.dirname(name)).toBe("attachments");
        expect(Buffer.byteLength(name)).toBeLessThanOrEqual("attachments/".length + ID.length + 1 + 100);
        expect(name).not.toMatch(/[\p{C}\p{Z}]/u);
      }),
    );
  });
});

it("a part is named by its speaker and its number, from the second on", () => {
  expect([1, 2, 10].map((number) => partFileName("5", number))).toEqual([
    "audio.5.ogg",
    "audio.5-2.ogg",
    "audio.5-10.ogg",
  ]);
  const names = ["audio.5-2.ogg", "xaudio.5.ogg", "audio.5.oggx", "audio..ogg", "audio.55.ogg"];
  expect(names.map(isPartFile)).toEqual([true, false, false, false, true]);
});

it("an attachment is a file in the attachments' folder, and is shown by its sender's name", () => {
  expect([attachmentFileName(ID, "a.png"), "events.jsonl", "x/attachments/"].map(isAttachmentFile)).toEqual([
    true,
    false,
    false,
  ]);
  expect(shownFileName("../a b.png")).toBe("../a b.png");
  expect(shownFileName("x".repeat(300))).toHaveLength(260);
});
