import { describe, expect, it } from "vitest";
import { DROP_FATES, noDrops } from "../../src/audio/fates.ts";
import { type JournalLine, journalLine } from "../../src/session/journal.ts";
import { readJsonLines } from "../../src/session/json-lines.ts";

const SHA256 = "0".repeat(64);
const STORED = { bytes: 10, sha256: SHA256 };
const NO_PACKETS = { received: 0, lost: 0, concealed: 0, late: 0, duplicate: 0, undecryptable: 0, unattributed: 0 };
const DATAGRAMS = { received: 0, written: 0, dropped: noDrops() };
const PLACE = { guildId: "1", guildName: "Acme", channelId: "2", channelName: "Stand-up", selfId: "3" };
const E2EE = { daveProtocolVersion: 1, epochs: 2, plaintextPackets: 0 };
const ATTACHMENT = { id: "7", messageId: "8", filename: "a.png", contentType: null };

/** Each kind of line once, with all that it may carry. */
const LINES: Readonly<Record<JournalLine["type"], JournalLine>> = {
  job: {
    ...{ type: "job", version: 1, jobId: "job_1", externalId: null, guildId: "1", channelId: "2", textChannelId: "4" },
    storage: { kind: "file", path: "/recordings" },
    consent: "opt-in",
    software: { name: "meetbot-discord", version: "0.1.0" },
  },
  recording: { type: "recording", startedAt: "2026-01-15T09:00:00.000Z", place: PLACE },
  recovered: { type: "recovered" },
  spoke: { type: "spoke", userId: "5" },
  away: { type: "away", atMs: 1.5, reason: "unheard" },
  part: {
    ...{ type: "part", userId: "5", number: 2, startSamples: 960, durationSamples: 960, packets: NO_PACKETS },
    file: { name: "audio.5-2.ogg", ...STORED },
    talkSamples: 480,
    openTalkspurt: { start: 10, end: 20 },
    repaired: true,
  },
  file: {
    ...{ type: "file", contentType: "application/jsonl", lines: 3, attachment: ATTACHMENT },
    file: { name: "events.jsonl", ...STORED },
  },
  stored: { type: "stored", name: "manifest.json" },
  lost: { type: "lost", name: "attachments/7-a.png", reason: "the file is gone" },
  damaged: { type: "damaged", lines: 2 },
  counts: {
    ...{ type: "counts", atMs: 100, datagrams: DATAGRAMS, e2ee: E2EE },
    speakers: { "5": { datagrams: DATAGRAMS, talkSamples: 480 } },
  },
  end: { type: "end", atMs: 1_000, exitReason: "removed_from_meeting", detail: "kicked", failureCode: "network_loss" },
  finalized: { type: "finalized" },
  delivered: { type: "delivered" },
};

const textOf = (...lines: readonly object[]) => lines.map((line) => `${JSON.stringify(line)}\n`).join("");
/** Reads a text: the lines, how many were refused, and whether the file is clean. */
function read(text: string) {
  const { lines, refusedCount, isClean } = readJsonLines(Buffer.from(text), journalLine);
  return { lines, refused: refusedCount, isClean };
}

describe("a line of the journal", () => {
  it.each(Object.values(LINES))("is read back as it was written: $type", (line) => {
    expect(read(textOf(line))).toEqual({ lines: [line], refused: 0, isClean: true });
  });

  it.each<[string, object]>([
    ["an unknown kind", { type: "tomorrow" }],
    ["a job of another version", { ...LINES.job, version: 2 }],
    ["a job id that is a path", { ...LINES.job, jobId: "../job" }],
    ["a person whose id is a path", { ...LINES.spoke, userId: "../5" }],
    ["part 0", { ...LINES.part, number: 0 }],
    ["a file outside the job's folder", { ...LINES.file, file: { name: "../events.jsonl", ...STORED } }],
    ["a lost file that is not the job's", { ...LINES.lost, name: "/etc/passwd" }],
    ["an attachment with an endless name", { ...LINES.file, attachment: { ...ATTACHMENT, filename: "a".repeat(521) } }],
    ["a negative count", { ...LINES.damaged, lines: -1 }],
    ["an end for an unknown reason", { ...LINES.end, exitReason: "bored" }],
    ["an endless reason", { ...LINES.lost, reason: "x".repeat(1_001) }],
  ])("is refused: %s", (_, line) => {
    expect(read(textOf(LINES.recovered, line, LINES.finalized))).toEqual({
      lines: [LINES.recovered, LINES.finalized],
      refused: 1,
      isClean: false,
    });
  });

  it("of an earlier version gets defaults for missing fields: no consent was asked for, and nothing was counted", () => {
    const { consent, ...job } = { ...LINES.job, consent: undefined };
    const datagrams = { ...DATAGRAMS, dropped: {} };
    const counts = { ...LINES.counts, datagrams, e2ee: { daveProtocolVersion: 1, epochs: 2 } };
    const { lines } = read(textOf(job, counts));
    expect(lines).toEqual([{ ...LINES.job, consent: "none" }, LINES.counts]);
    expect(Object.keys(lines[1]?.type === "counts" ? lines[1].datagrams.dropped : {})).toEqual([...DROP_FATES]);
  });
});

describe("a file of lines", () => {
  const whole = textOf(LINES.recovered);

  it("that is empty has none, and can be appended to", () => {
    expect(read("")).toEqual({ lines: [], refused: 0, isClean: true });
  });

  it("whose last line is cut off has the others, and cannot be appended to", () => {
    expect(read(`${whole}{"type":"fin`)).toEqual({ lines: [LINES.recovered], refused: 1, isClean: false });
  });

  it("whose last line is complete but unterminated has it, and cannot be appended to", () => {
    expect(read(whole.trimEnd())).toEqual({ lines: [LINES.recovered], refused: 0, isClean: false });
  });

  it("with zeros at its end, as after a loss of power, has the lines before them", () => {
    expect(read(`${whole}\0\0\0\0`)).toEqual({ lines: [LINES.recovered], refused: 0, isClean: false });
    expect(read(`${whole}\0\0\n`)).toEqual({ lines: [LINES.recovered], refused: 0, isClean: false });
  });

  it("with zeros between its lines has all lines", () => {
    const lines = [LINES.recovered, LINES.finalized];
    expect(read(`${whole}\0\0\0${textOf(LINES.finalized)}`)).toEqual({ lines, refused: 0, isClean: false });
  });

  it("with empty lines ignores them", () => {
    expect(read(`\n${whole}\n`)).toEqual({ lines: [LINES.recovered], refused: 0, isClean: true });
  });

  it("counts each refused line", () => {
    expect(read(`rubbish\n${whole}[]\nnull\n`)).toMatchObject({ lines: [LINES.recovered], refused: 3 });
  });
});
