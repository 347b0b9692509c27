import { describe, expect, test } from "vitest";
import { downloadFiles } from "../../src/cli/client/download-files.ts";
import { eventLine } from "../../src/cli/client/event-line.ts";
import { fittedTable } from "../../src/cli/client/output.ts";
import { columnsOf } from "../../src/cli/view/text-width.ts";
import { createMeetbot, type JobMessage } from "../../src/sdk/index.ts";

const ID = "job_01HX9N8K0000000000000000AB";
const HEADER = ["id", "status", "your id", "when"];
const ROWS = [[ID, "recording", "standup 🎙️ of everybody in the whole company", "2026-05-09T14:00:00Z"]];

describe("a table", () => {
  test("has columns where they fit", () => {
    const [header = "", row = ""] = fittedTable(HEADER, ROWS, 120);
    expect(header.indexOf("status")).toBe(row.indexOf("recording"));
    expect(fittedTable(HEADER, ROWS, undefined)).toHaveLength(2);
  });

  test("is a block for each row on a terminal of 40 columns, with whole ids", () => {
    const lines = fittedTable(HEADER, ROWS, 40);
    expect(lines.slice(0, 2)).toEqual([ID, "  status: recording"]);
    expect(lines).toHaveLength(4);
    expect(lines.every((line) => columnsOf(line) <= 40)).toBe(true);
  });

  test("shows no control characters of names", () => {
    expect(fittedTable(["id"], [["\u001b[2J"]], 40).join("\n")).not.toContain("\u001b");
  });
});

test("Events of a watched job are lines for people, with the names that came before.", () => {
  const names = new Map<string, string>();
  const person = { id: "1", username: "ada", displayName: "Ada", bot: false };
  const messages = [
    { event: "participant.join", data: { type: "participant.join", atMs: 0, participant: person } },
    { event: "talkspurt", data: { type: "talkspurt", atMs: 1_000, endMs: 3_500, speakerId: "1" } },
    { event: "participant.leave", data: { type: "participant.leave", atMs: 4_000, participantId: "1" } },
    { event: "warning", data: { type: "warning", atMs: 1, code: "late", text: "a packet was late" } },
    { event: "job.live", data: {} },
  ];
  expect(messages.map((message) => eventLine(message as JobMessage, names))).toEqual([
    ...["+ Ada", "  Ada spoke for 2.5 s", "- Ada", "! a packet was late", undefined],
  ]);
});

test.each(["../a", "/etc/a", "a/../../b", "a//b", "a\\b", "", "a\0"])(
  "A download refuses a file whose name would leave its folder: %j",
  async (name) => {
    const meetbot = createMeetbot({ apiKey: "mb_test_1", baseUrl: "http://127.0.0.1:9", maxRetries: 0 });
    const file = { name, bytes: 1, mimeType: "", sha256: null, uri: "", url: "", urlExpiresAt: null };
    await expect(downloadFiles(meetbot, "job_1", [file], "/tmp", () => undefined)).rejects.toThrow("is not a name in");
  },
);

test.each([[["a", "a"]], [["a", "a.part"]]])(
  "A download refuses names that would spoil each other: %j",
  async (names) => {
    const meetbot = createMeetbot({ apiKey: "mb_test_1", baseUrl: "http://127.0.0.1:9", maxRetries: 0 });
    const files = names.map((name) => ({
      ...{ name, bytes: 1, mimeType: "", sha256: null, uri: "", url: "", urlExpiresAt: null },
    }));
    await expect(downloadFiles(meetbot, "job_1", files, "/tmp", () => undefined)).rejects.toThrow(/^the service names/);
  },
);
