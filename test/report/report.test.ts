import { expect, test } from "vitest";
import { UnreadableFileError } from "../../src/errors.ts";
import type { PageData } from "../../src/report/page-data.ts";
import { makeReport, type ReportOptions } from "../../src/report/report.ts";
import type { RecordingFiles } from "../../src/session/recording-files.ts";
import { recordInMemory } from "../support/memory-recording.ts";

const ASSETS = { script: "1", style: "" };

function over(files: ReadonlyMap<string, Buffer>, change: Record<string, Buffer | undefined> = {}): RecordingFiles {
  return { read: async (name) => (name in change ? change[name] : files.get(name)) };
}

async function pageOf(files: RecordingFiles, options: Partial<ReportOptions> = {}) {
  let html = "";
  const all = {
    assets: ASSETS,
    embed: undefined,
    showDeleted: false,
    folderPath: [],
    onProgress: () => undefined,
    onWarning: () => undefined,
    ...options,
  };
  for await (const text of makeReport(files, all)) html += text;
  const data: PageData = JSON.parse(/id="recording">(.*?)<\/script>/.exec(html)?.[1] ?? "");
  const blocks = [...html.matchAll(/<script type="text\/plain" id="audio-\d+">([^<]*)<\/script>/g)];
  return { data, sounds: blocks.flatMap(([, lines = ""]) => lines.split("\n")) };
}

test("A report has each speaker with talkspurts, waveform and sound at their times", async () => {
  const { files, manifest } = await recordInMemory();
  const { data, sounds } = await pageOf(over(files));
  const [speaker] = data.speakers;
  expect(speaker).toMatchObject({ name: "User 1", label: "A", packets: 100, withheld: [] });
  expect(speaker?.talkspurts).toHaveLength(1);
  expect(data.clips).toHaveLength(1);
  expect(sounds).toHaveLength(1);
  const startMs = manifest.tracks[0]?.startOffsetMs ?? Number.NaN;
  expect(data.clips[0]).toEqual([0, startMs * 48, 96_000, 120]);
  // One byte for each 20 ms.
  expect(speaker?.waveform.map(({ fromMs, peaks }) => [fromMs, Buffer.from(peaks, "base64").length])).toEqual([
    [startMs, 100],
  ]);
  expect(data.messages).toHaveLength(2);
  expect(data.warnings).toEqual([]);
});

test("A report without sound says so, and still has its waveforms", async () => {
  const { files } = await recordInMemory();
  const { data, sounds } = await pageOf(over(files), { embed: false });
  expect(data.audioLeftOut).toContain("--no-embed");
  expect([data.clips, sounds]).toEqual([[], []]);
  expect(data.speakers[0]?.waveform).toHaveLength(1);
});

test("Missing or damaged files are reported in a sentence, and the rest is shown", async () => {
  const { files, manifest } = await recordInMemory();
  const name = `audio.${manifest.speakers[0]?.id}.ogg`;
  const { data } = await pageOf(over(files, { [name]: undefined, "chat.jsonl": Buffer.from("{}\nnothing\n") }));
  expect(data.warnings).toEqual([
    "chat.jsonl: 2 lines could not be read; left out here.",
    `${name} is missing: what is in it can be neither seen nor heard here.`,
  ]);
  expect(data.speakers[0]?.talkspurts).toHaveLength(1);
  const cut = files.get(name)?.subarray(0, 700);
  expect((await pageOf(over(files, { [name]: cut }))).data.warnings[0]).toMatch(
    /ogg is damaged \(byte \d+: .*\): some/,
  );
});

test("A track or log that is a device, or a track outside the call, is left out with a sentence", async () => {
  const { files, manifest } = await recordInMemory();
  const [first] = manifest.tracks;
  const name = `audio.${first?.speakerId}.ogg`;
  const refusing: RecordingFiles = {
    read: async (file) => {
      if (file === name || file === "chat.jsonl")
        throw new UnreadableFileError(`/x/${file} is not a file, expected one`);
      return files.get(file);
    },
  };
  const said: string[] = [];
  const { data } = await pageOf(refusing, { onWarning: (text) => said.push(text) });
  expect(data.warnings).toEqual([
    "chat.jsonl is too long, or is not a file that can be read.",
    `${name} is not a file that can be read: what is in it can be neither seen nor heard here.`,
  ]);
  expect(said).toEqual(data.warnings);
  const far = { ...manifest, tracks: [{ ...first, startOffsetMs: 9e15 }] };
  const { data: late } = await pageOf(over(files, { "manifest.json": Buffer.from(JSON.stringify(far)) }));
  expect(late.warnings[0]).toMatch(/^audio\.\d+\.ogg ends \d+ s after the start, but the call lasted \d+ s: /);
  expect(late.clips).toEqual([]);
});

test("A call that cannot be as long as its manifest says ends with its last track", async () => {
  const { files, manifest } = await recordInMemory();
  const endless = Buffer.from(JSON.stringify({ ...manifest, durationSeconds: 1e21 }));
  const { data } = await pageOf(over(files, { "manifest.json": endless }));
  const [track] = manifest.tracks;
  expect(data.durationMs).toBe((track?.startOffsetMs ?? 0) + (track?.durationMs ?? 0));
  expect(data.warnings).toEqual(["manifest.json gives a length that no call has. Times end with the last track."]);
});

test("Thousands of missing tracks are reported as 20 sentences and a count", async () => {
  const { files, manifest } = await recordInMemory();
  const [first] = manifest.tracks;
  const tracks = Array.from({ length: 2_000 }, (_, index) => ({ ...first, part: index + 2 }));
  const many = Buffer.from(JSON.stringify({ ...manifest, tracks }));
  const { data } = await pageOf(over(files, { "manifest.json": many }));
  expect(data.warnings).toHaveLength(21);
  expect(data.warnings.at(-1)).toBe("and 1980 more files");
});

test("Without a manifest there is no report", async () => {
  const { files } = await recordInMemory();
  await expect(pageOf(over(files, { "manifest.json": undefined }))).rejects.toThrow("manifest.json: missing");
});

test("A talk time is unknown, not zero, if the manifest has no counts for a file with sound", async () => {
  const { files, manifest } = await recordInMemory();
  const uncounted = {
    ...manifest,
    participants: manifest.participants.map((person) => ({ ...person, talkTimeMs: 0 })),
  };
  const { data } = await pageOf(over(files, { "manifest.json": Buffer.from(JSON.stringify(uncounted)) }));
  expect(data.speakers).toHaveLength(1);
  expect(data.speakers[0]?.talkTimeMs).toBeUndefined();
});

test("Files are linked with relative paths, and no name can lead elsewhere", async () => {
  const { files, manifest } = await recordInMemory();
  const { data } = await pageOf(over(files), { folderPath: ["..", "my call", "javascript:alert(1)"] });
  expect(data.filesAt).toBe("./../my%20call/javascript%3Aalert(1)/");
  const audio = `audio.${manifest.speakers[0]?.id}.ogg`;
  expect(data.files.map(({ name }) => name)).toEqual(["manifest.json", "events.jsonl", "chat.jsonl", audio]);
  expect(data.files[3]?.sound).toMatchObject({ speaker: 0, ms: manifest.tracks[0]?.durationMs });
  expect((await pageOf(over(files), { folderPath: undefined })).data.files).toEqual([]);
});

test("The text for readers has no codes and no jargon; those are in a separate place", async () => {
  const { files } = await recordInMemory();
  const { data } = await pageOf(over(files));
  const inWords = data.facts.map((fact) => fact.join(" ")).join("\n");
  expect(inWords).not.toMatch(/datagram|DAVE|epoch|_|packet/i);
  expect(data.technicalFacts.map(([name]) => name)).toEqual(
    expect.arrayContaining(["Exit reason", "Datagrams", "DAVE"]),
  );
});
