import { describe, expect, it } from "vitest";
import { verifyRecording } from "../../src/recording/verify.ts";
import type { RecordingFiles } from "../../src/session/recording-files.ts";
import { recordInMemory } from "../support/memory-recording.ts";

class Files implements RecordingFiles {
  readonly contents: Map<string, Buffer>;

  constructor(contents: ReadonlyMap<string, Buffer>) {
    this.contents = new Map(contents);
  }

  async read(name: string): Promise<Buffer | undefined> {
    return this.contents.get(name);
  }

  change(name: string, edit: (text: string) => string): this {
    this.contents.set(name, Buffer.from(edit(this.contents.get(name)?.toString("latin1") ?? ""), "latin1"));
    return this;
  }

  without(name: string): this {
    this.contents.delete(name);
    return this;
  }
}

describe("verifyRecording", async () => {
  const { files, manifest } = await recordInMemory();
  const audio = [...files.keys()].find((name) => name.startsWith("audio.")) ?? "";
  const faultsAfter = async (edit: (recording: Files) => Files) =>
    (await verifyRecording(edit(new Files(files)))).faults;

  it("accepts a recording that the recorder finished", async () => {
    expect(await faultsAfter((recording) => recording)).toEqual([]);
    expect(manifest.tracks.length).toBeGreaterThan(0);
  });

  it.each<[string, (recording: Files) => Files, RegExp]>([
    ["no manifest", (r) => r.without("manifest.json"), /^manifest\.json: missing/],
    [
      "a manifest that is not JSON",
      (r) => r.change("manifest.json", (text) => text.slice(0, -4)),
      /^manifest\.json: .*JSON/,
    ],
    [
      "a manifest without a field",
      (r) => r.change("manifest.json", (text) => text.replace('"jobId"', '"jobID"')),
      /^manifest\.json: not a manifest of version 1, or damaged \(jobId: /,
    ],
    ["a missing file", (r) => r.without(audio), new RegExp(`^${audio}: missing$`)],
    ["a byte more", (r) => r.change(audio, (text) => `${text}x`), /bytes, the manifest says/],
    ["another byte", (r) => r.change(audio, (text) => `${text.slice(0, 200)}~${text.slice(201)}`), /sha256/],
    [
      "another duration",
      (r) => r.change("manifest.json", (text) => text.replace(/"durationMs": [\d.]+/, '"durationMs": 1')),
      /lasts [\d.]+ ms, the manifest says 1/,
    ],
    [
      "another packet count",
      (r) => r.change("manifest.json", (text) => text.replace(/"received": \d+,\s+"lost"/, '"received": 9999, "lost"')),
      /the manifest says 9999/,
    ],
    [
      "datagrams that do not add up",
      (r) =>
        r.change("manifest.json", (text) =>
          text.replace(
            /("datagrams": \{\s+"received": )\d+(,\s+"written": \d+,\s+"dropped": \{[^}]*\}\s+\},\s+"warnings")/,
            "$177777$2",
          ),
        ),
      /77777 datagrams received/,
    ],
    [
      "a length that its start and end contradict",
      (r) => r.change("manifest.json", (text) => text.replace(/"durationSeconds": [\d.]+/, '"durationSeconds": 1e15')),
      /^manifest\.json: lasts 1000000000000000 s, but ends [\d.]+ s after its start$/,
    ],
    ["a cut chat log", (r) => r.change("chat.jsonl", (text) => text.slice(0, -3)), /^chat\.jsonl/],
    [
      "a chat line missing",
      (r) => r.change("chat.jsonl", (text) => text.slice(text.indexOf("\n") + 1)),
      /^chat\.jsonl: \d+ lines?, the manifest says \d+$/,
    ],
    [
      "an event of no known kind",
      (r) => r.change("events.jsonl", (text) => text.replace('"type":"state"', '"type":"mood"')),
      /^events\.jsonl:\d+: /,
    ],
  ])("finds %s, in a line that names the file", async (_, edit, sentence) => {
    const faults = await faultsAfter(edit);
    expect(faults.join("\n")).toMatch(new RegExp(sentence.source, "m"));
  });

  it("names the first wrong lines of a log, counts the next ones, and does not read the rest", async () => {
    const recording = new Files(files).change("events.jsonl", () => "7\n".repeat(50_000));
    const { faults, faultCount } = await verifyRecording(recording);
    expect(faults).toHaveLength(11);
    expect(faults[9]).toMatch(/^events\.jsonl:10: /);
    expect(faults[10]).toBe("events.jsonl: 9990 more wrong lines; the 40000 lines after them were not read");
    expect(faultCount).toBe(10_000);
  });

  it("counts the faults of an audio file beyond the first 100", async () => {
    const bytes = files.get(audio) ?? Buffer.alloc(0);
    const recording = new Files(files).change(audio, (text) => text.repeat(300));
    const { faults, faultCount } = await verifyRecording(recording);
    expect(bytes.length).toBeGreaterThan(0);
    const ofAudio = faults.filter((fault) => fault.startsWith(`${audio}: byte`));
    expect(ofAudio).toHaveLength(100);
    expect(faults).toContainEqual(expect.stringMatching(new RegExp(`^${audio}: \\d{3,} more faults$`)));
    expect(faultCount).toBeGreaterThan(400);
  });
});
