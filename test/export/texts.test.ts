import { describe, expect, it } from "vitest";
import { audacityLabels, audacityList } from "../../src/export/audacity.ts";
import { captionSkeleton } from "../../src/export/captions.ts";
import { reaperProject } from "../../src/export/reaper.ts";
import { type ExportedSpeaker, exportedSpeakers } from "../../src/export/speakers.ts";
import { readTurns } from "../../src/export/turns.ts";
import { manifestSchema } from "../../src/session/manifest.ts";
import { recordInMemory } from "../support/memory-recording.ts";

const HOSTILE = "a\n2\n00:00:00,000 --> 01:00:00,000\r\t\"x\" 'y' `z` <b>{\\an8}\u2028\u202e../../#";

async function speakersNamed(displayName: string): Promise<ExportedSpeaker[]> {
  const { manifest } = await recordInMemory();
  return exportedSpeakers({ ...manifest, speakers: manifest.speakers.map((speaker) => ({ ...speaker, displayName })) });
}

describe("A stranger's name", () => {
  it("is safe as a file name, and stays readable", async () => {
    const stemOf = async (name: string) => (await speakersNamed(name))[0]?.fileStem;
    expect(await stemOf("Zoë Krüger")).toBe("A-Zoë_Krüger");
    expect(await stemOf("健太 🎵")).toBe("A-健太");
    expect(await stemOf("../../etc/passwd")).toBe("A-.._.._etc_passwd");
    expect(await stemOf("///")).toBe("A");
    expect(await stemOf(HOSTILE)).toMatch(/^A-[\w.-]+$/);
    expect(Buffer.byteLength((await stemOf("好".repeat(32))) ?? "")).toBeLessThanOrEqual(80);
  });

  it("adds no cue, tag or extra line to captions", async () => {
    const [speaker] = await speakersNamed(HOSTILE);
    const text = captionSkeleton([{ startMs: 0, endMs: 1_000.4, name: speaker?.name ?? "" }]);
    expect(text.split("\n")).toHaveLength(6);
    expect(text.match(/-->/g)).toHaveLength(1);
    expect(text).not.toMatch(/[<{\u202e\u2028]|[^-]>.*\]/);
  });

  it("leaves Audacity's labels with three fields per line", async () => {
    const [speaker] = await speakersNamed(HOSTILE);
    const text = audacityLabels([{ startMs: 1_500, endMs: 2_250.5, name: speaker?.name ?? "" }]);
    const [line = "", ...rest] = text.split("\n");
    expect(rest).toEqual([""]);
    expect(line.split("\t")).toEqual(["1.500000", "2.250500", speaker?.name]);
  });

  it("stays inside its quotes in a REAPER project", async () => {
    for (const name of ["Ada", 'the "boss"', `"a" 'b'`, HOSTILE]) {
      const text = reaperProject(await speakersNamed(name), "wav");
      const [, quote = "", inside = ""] = /^ {4}NAME (["'`])(.*)\1$/m.exec(text) ?? [];
      expect(inside).not.toContain(quote);
      expect(inside.length).toBeGreaterThan(2);
      const opened = text.match(/^ *</gm) ?? [];
      expect(text.match(/^ *>$/gm)).toHaveLength(opened.length);
    }
  });
});

it("Speakers who left no sound, such as people who decline, are in no export.", async () => {
  const { files, manifest } = await recordInMemory();
  const speakers = exportedSpeakers({ ...manifest, tracks: [] });
  expect(speakers).toEqual([]);
  const read = async (name: string) => files.get(name);
  expect(await readTurns({ read }, exportedSpeakers(manifest))).not.toEqual([]);
  expect(await readTurns({ read }, speakers)).toEqual([]);
});

describe("Captions without words", () => {
  it("have a cue for each talkspurt, with an empty line for the text", () => {
    const turns = [
      { startMs: 1_535.4, endMs: 2_155, name: "Ada" },
      { startMs: 3_723_004, endMs: 36_000_000, name: "Zoë" },
    ];
    expect(captionSkeleton(turns)).toBe(
      "1\n00:00:01,535 --> 00:00:02,155\n[Ada]\n\n\n2\n01:02:03,004 --> 10:00:00,000\n[Zoë]\n\n\n",
    );
  });
});

it("Audacity's list names each file, at the session's start.", () => {
  expect(audacityList(["A-Ada.wav", "B-Zoë.wav"])).toBe('file "A-Ada.wav" offset 0\nfile "B-Zoë.wav" offset 0\n');
});

describe("A manifest that an attacker wrote", () => {
  const withLabel = async (speakerLabel: string) => {
    const { manifest } = await recordInMemory();
    const participants = manifest.participants.map((participant) => ({ ...participant, speakerLabel }));
    return { ...manifest, participants };
  };

  it.each(["../../x", "A\nfile", 'A"', "", "a", "A".repeat(7)])("is refused with the label %j", async (label) => {
    expect(manifestSchema.safeParse(await withLabel(label)).success).toBe(false);
  });

  it.each(["../../x", '/etc/"x\n<TRACK'])("with the label %j still names no file outside its folder", async (label) => {
    const [speaker] = exportedSpeakers(await withLabel(label));
    expect(speaker?.fileStem).toMatch(/^[\w-][\w.-]*$/);
  });

  it("never gives two speakers the same file", async () => {
    const { manifest } = await recordInMemory();
    const speakers = [...manifest.speakers, ...manifest.speakers];
    expect(() => exportedSpeakers({ ...manifest, speakers })).toThrow(/gives two speakers the label/);
  });
});
