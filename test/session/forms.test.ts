import { expect, test } from "vitest";
import { audioFileForm, jobIdForm, labelForm, nameForm, sideFileForm, snowflake } from "../../src/session/forms.ts";

test.each([
  [snowflake, ["1", "80123456789012345"], ["", "x", "1/2", "../1", "-1", "1".repeat(21), "1\n"]],
  [jobIdForm, ["job_1", "a.b:c@d=e+f-"], ["", ".", "..", "a/b", "a\\b", "a b", "a\n", "ü", "x".repeat(129)]],
  [nameForm, ["", "Zoë 🎵", "شادي", "<b>", "A".repeat(200)], ["A".repeat(201)]],
  [labelForm, ["A", "ZZ"], ["", "a", "A1", "../A", "A\n"]],
  [
    audioFileForm,
    ["audio.1.ogg", "audio.1-2.ogg"],
    ["audio..ogg", "audio.1-0.ogg", "../audio.1.ogg", "audio.1.ogg\n", "audio.1.ogg/x"],
  ],
  [
    sideFileForm,
    ["events.jsonl", "chat.jsonl", "attachments/1-протокол.pdf"],
    [
      "key",
      "journal.jsonl",
      "../events.jsonl",
      "attachments/../1-a",
      "attachments/1-a/b",
      "attachments/1-\u202ea",
      "attachments/x-a",
    ],
  ],
])("Form %#: our values are accepted; paths, extra lines and endless texts are not", (form, taken, refused) => {
  expect(taken.filter((text) => !form.safeParse(text).success)).toEqual([]);
  expect(refused.filter((text) => form.safeParse(text).success)).toEqual([]);
});

test("Names written by earlier versions are read, with each control character replaced", () => {
  const written = ["a\u0000", "a\nb", "\u001b[2J", "\u009b5;5H", "\ud800", "Zoë 🎵"];
  const read = written.map((name) => nameForm.parse(name));
  expect(read).toEqual(["a\ufffd", "a\ufffdb", "\ufffd[2J", "\ufffd5;5H", "\ufffd", "Zoë 🎵"]);
});
