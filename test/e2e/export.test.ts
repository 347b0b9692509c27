import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { missing } from "../support/audio-programs.ts";
import { clicksIn, encodeClicks, encodeSound, type RecordedClicks, recordClicks } from "../support/click-tracks.ts";
import { decoded, loudnessOf, probe, tagsOf } from "../support/sound-file.ts";
import { runCommand, startCommand } from "../support/worker.ts";

const run = promisify(execFile);
const ROTATION = { mode: "utterance", silenceSamples: 24_000, maxPartSamples: 600 * 48_000 } as const;
/** ffmpeg and everything else is out of reach. */
const NO_PROGRAMS = { PATH: "/nonexistent" };

async function folderOf({ files }: Pick<RecordedClicks, "files">): Promise<string> {
  const directory = join(await mkdtemp(join(tmpdir(), "meetbot-test-")), "job_1");
  for (const [name, content] of files) {
    await mkdir(dirname(join(directory, name)), { recursive: true });
    await writeFile(join(directory, name), content);
  }
  return directory;
}

/** A recording that says it is longer than it is; the rest of it is silence. */
function lasting({ files, manifest }: RecordedClicks, durationSeconds: number): Pick<RecordedClicks, "files"> {
  const changed = Buffer.from(JSON.stringify({ ...manifest, durationSeconds }));
  return { files: new Map([...files, ["manifest.json", changed]]) };
}

describe.skipIf(missing("ffmpeg") || missing("ffprobe"))("export", () => {
  let clicks: RecordedClicks;
  let job: string;
  let output: string;
  const exported = (...options: string[]) => runCommand(["export", job, "--output", output, ...options], {});

  beforeAll(async () => {
    const packets = await encodeClicks([7_000, 30_001, 61_234], 2_000);
    const clickers = [
      { fromMs: 40, packets, pause: { before: 40, ms: 1_502.5 } },
      { fromMs: 2_512.5, packets },
    ];
    clicks = await recordClicks(clickers, ROTATION);
    job = await folderOf(clicks);
  });

  beforeEach(async () => {
    output = join(await mkdtemp(join(tmpdir(), "meetbot-test-")), "made");
  });

  it("makes WAV tracks of equal length without any other program, with each click at the same time as in the parts", async () => {
    const { exitCode, stdout } = await runCommand(["export", job, "--output", output], NO_PROGRAMS);
    expect(stdout).toBe(`${output}\n`);
    expect(exitCode).toBe(0);
    expect(await readdir(dirname(output))).toEqual(["made"]);
    const names = (await readdir(output)).sort();
    expect(names).toEqual(["A-User_1.wav", "B-User_2.wav"]);
    const lengths = new Set<number>();
    for (const [index, name] of names.entries()) {
      expect(await probe(join(output, name))).toMatchObject({
        codec_name: "pcm_s16le",
        sample_rate: "48000",
        channels: 1,
      });
      const pcm = await decoded(join(output, name));
      lengths.add(pcm.length / 2);
      const speakerId = clicks.manifest.speakers[index]?.id;
      const inParts: number[] = [];
      for (const part of clicks.manifest.tracks.filter((track) => track.speakerId === speakerId)) {
        const path = join(job, part.uri.slice(part.uri.lastIndexOf("/") + 1));
        inParts.push(...clicksIn(await decoded(path)).map((sample) => sample + part.startOffsetMs * 48));
      }
      expect(inParts).toHaveLength(3);
      expect(clicksIn(pcm)).toEqual(inParts);
    }
    expect([...lengths]).toEqual([Math.round(clicks.manifest.durationSeconds * 48_000)]);
  });

  it.each([
    ["flac", "flac"],
    ["ogg", "opus"],
    ["mp3", "mp3"],
    ["m4a", "aac"],
  ])("makes %s tracks that ffprobe identifies as %s, with the clicks at the right times", async (format, codec) => {
    expect((await exported("--format", format, "--channels", "2")).exitCode).toBe(0);
    const [first = ""] = (await readdir(output)).sort();
    const path = join(output, first);
    expect(await probe(path)).toMatchObject({ codec_name: codec, sample_rate: "48000", channels: 2 });
    expect(await tagsOf(path)).toMatchObject({
      title: expect.stringMatching(/^.+ in .+, \d{4}-\d\d-\d\d$/),
      artist: expect.stringMatching(/\S/),
    });
    const wav = join(dirname(output), "wav");
    await runCommand(["export", job, "--output", wav], {});
    const exact = clicksIn(await decoded(join(wav, "A-User_1.wav")));
    const found = clicksIn(await decoded(path));
    // A lossy encoder smears a click by some samples.
    for (const [index, sample] of exact.entries()) {
      expect(Math.abs((found[index] ?? 0) - sample)).toBeLessThanOrEqual(format === "flac" ? 0 : 8);
    }
  });

  it.each([
    ["-23 LUFS if nothing is said", [], -23],
    ["what --lufs says", ["--lufs", "-16"], -16],
  ])("normalises a mix to %s, as measured by ffmpeg", async (_, options, lufs) => {
    const noise = await encodeSound("aevalsrc='0.02*random(0)':s=48000:d=4");
    const voice = await encodeSound("sine=frequency=440:sample_rate=48000:duration=3");
    const recorded = await recordClicks(
      [
        { fromMs: 40, packets: noise },
        { fromMs: 2_000, packets: voice },
      ],
      ROTATION,
    );
    const folder = await folderOf(recorded);
    const path = `${output}.wav`;
    const { exitCode, stderr } = await runCommand(
      ["export", folder, "--layout", "mix", "--output", path, ...options],
      NO_PROGRAMS,
    );
    expect(exitCode).toBe(0);
    expect(stderr).toMatch(new RegExp(`^loudness: -[\\d.]+ LUFS before, ${lufs}\\.0 now\n$`));
    expect(Math.abs((await loudnessOf(path)) - lufs)).toBeLessThanOrEqual(0.1);
  });

  it("makes a mix quieter if its peaks would clip, and says so", async () => {
    const path = `${output}.wav`;
    const { stderr } = await runCommand(["export", job, "--layout", "mix", "--lufs", "-10", "--output", path], {});
    expect(stderr).toMatch(/^loudness: .* now: at -10 its peaks would clip\n$/);
    const pcm = await decoded(path);
    const peak = Math.max(...clicksIn(pcm).map((sample) => Math.abs(pcm.readInt16LE(sample * 2))));
    expect(20 * Math.log10(peak / 32_768)).toBeCloseTo(-2, 2);
  });

  it("makes a REAPER project with an item for each part, at its start in the session and in the track", async () => {
    expect((await exported("--layout", "reaper", "--format", "flac")).exitCode).toBe(0);
    const project = await readFile(join(output, "session.rpp"), "utf8");
    const items = [
      ...project.matchAll(
        /POSITION ([\d.]+)\n\s+LENGTH ([\d.]+)[\s\S]*?SOFFS ([\d.]+)\n\s+<SOURCE FLAC\n\s+FILE "(.+)"/g,
      ),
    ];
    const tracks = clicks.manifest.tracks.toSorted((a, b) => a.speakerId.localeCompare(b.speakerId) || a.part - b.part);
    expect(items.map(([, position]) => Math.round(Number(position) * 48_000))).toEqual(
      tracks.map((track) => track.startOffsetMs * 48),
    );
    expect(items.map(([, , length]) => Math.round(Number(length) * 48_000))).toEqual(
      tracks.map((track) => track.durationMs * 48),
    );
    for (const [, position, , offset, file = ""] of items) {
      expect(offset).toBe(position);
      expect((await probe(join(output, file))).codec_name).toBe("flac");
    }
    expect(project.match(/<TRACK/g)).toHaveLength(2);
  });

  it("makes a list for Audacity, with talkspurts as labels", async () => {
    expect((await exported("--layout", "audacity")).exitCode).toBe(0);
    const list = (await readFile(join(output, "session.lof"), "utf8")).trimEnd().split("\n");
    const files = list.map((line) => /^file "([^"]+)" offset 0$/.exec(line)?.[1] ?? "");
    expect((await readdir(output)).sort()).toEqual([...files, "labels.txt", "session.lof"].sort());
    const labels = (await readFile(join(output, "labels.txt"), "utf8")).trimEnd().split("\n");
    expect(labels.map((line) => line.split("\t")[2])).toEqual(["User 1", "User 1", "User 2"]);
  });

  it("makes captions that ffprobe reads, without sound or ffmpeg", async () => {
    const path = `${output}.srt`;
    const args = ["export", job, "--layout", "srt-skeleton", "--output", path];
    expect((await runCommand(args, NO_PROGRAMS)).exitCode).toBe(0);
    const { stdout } = await run("ffprobe", ["-v", "error", "-show_packets", "-of", "json", path]);
    expect(JSON.parse(stdout).packets).toHaveLength(3);
  });

  it("leaves nothing behind if interrupted, and exits with 130", async () => {
    const folder = await folderOf(lasting(clicks, 12 * 3_600));
    const parent = dirname(output);
    const running = startCommand(["export", folder, "--format", "mp3", "--output", output], {});
    while ((await readdir(parent)).length === 0) await sleep(20);
    const [temporary = ""] = await readdir(parent);
    while ((await readdir(join(parent, temporary, "made")).catch(() => [])).length === 0) await sleep(20);
    running.kill("SIGINT");
    const { exitCode, stdout, stderr } = await running.result;
    expect(stderr).toBe(`meetbot-discord: interrupted: ${output} was not written\n`);
    expect(stdout).toBe("");
    expect(exitCode).toBe(130);
    expect(await readdir(parent)).toEqual([]);
  });

  describe("an error is one sentence, exit code 1, and no file:", () => {
    const wrong = async (args: readonly string[], environment: Record<string, string> = {}) => {
      const { exitCode, stdout, stderr } = await runCommand(["export", ...args, "--output", output], environment);
      expect(stdout).toBe("");
      expect(exitCode).toBe(1);
      expect(await readdir(dirname(output))).toEqual([]);
      return stderr;
    };

    it("the folder does not exist", async () => {
      expect(await wrong(["/nowhere"])).toBe(
        "meetbot-discord: /nowhere: no such folder; give the folder of one job, which holds its manifest.json\n",
      );
    });

    it("the recording is unfinished", async () => {
      const unfinished = new Map([...clicks.files].filter(([name]) => name !== "manifest.json"));
      expect(await wrong([await folderOf({ files: unfinished })])).toMatch(
        /^meetbot-discord: manifest\.json: missing; the job is not finished: .*\n$/,
      );
    });

    it.each([
      ["mp3", "audacity", "expected wav or flac"],
      ["m4a", "reaper", "expected wav or flac"],
      ["wav", "srt-skeleton", "which writes no sound; leave --format out"],
    ])("%s with %s", async (format, layout, accepted) => {
      expect(await wrong([job, "--format", format, "--layout", layout])).toBe(
        `meetbot-discord: --format ${format} cannot be used with --layout ${layout}, ${accepted}\n`,
      );
    });

    it.each([
      [["--layout", "garageband"], /argument 'garageband' is invalid. Allowed choices are tracks, mix/],
      [["--format", "aiff"], /argument 'aiff' is invalid. Allowed choices are wav, flac/],
      [["--lufs", "loud"], /--lufs is "loud", expected a number from -70 to -5/],
    ])("%s", async (options, sentence) => {
      expect(await wrong([job, ...options])).toMatch(sentence);
    });

    it("ffmpeg is missing and a format needs it", async () => {
      expect(await wrong([job, "--format", "flac"], NO_PROGRAMS)).toMatch(
        /^meetbot-discord: --format flac needs ffmpeg, which was not found: install ffmpeg .*, or use --format wav\n$/,
      );
    });

    it("no part is intact", async () => {
      const damaged = [...clicks.files].map(([name, content]): [string, Buffer] => {
        const copy = Buffer.from(content);
        if (name.endsWith(".ogg")) copy[copy.length - 20] = (copy[copy.length - 20] ?? 0) ^ 1;
        return [name, copy];
      });
      expect(await wrong([await folderOf({ files: new Map(damaged) })])).toMatch(
        /: no track can be exported; audio\.\d+(-\d+)?\.ogg: byte \d+: the page's checksum does not fit/,
      );
    });

    // A disk in memory is small on every machine.
    it.skipIf(!existsSync("/dev/shm"))("the disk has too little space", async () => {
      output = join(await mkdtemp("/dev/shm/meetbot-test-"), "made");
      const folder = await folderOf(lasting(clicks, 7 * 86_400));
      expect(await wrong([folder])).toMatch(/needs [\d.]+ GB, but [\d.]+ GB are free there; --format flac takes less/);
    });
  });

  it("never overwrites existing files", async () => {
    await writeFile(output, "mine");
    const { exitCode, stderr } = await exported();
    expect(stderr).toBe(
      `meetbot-discord: ${output}: exists already and was not changed; remove it, or name another place with --output\n`,
    );
    expect(exitCode).toBe(1);
    expect(await readFile(output, "utf8")).toBe("mine");
  });
});
