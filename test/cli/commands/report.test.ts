import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { makeRecording } from "../../support/made-recording.ts";
import { runCommand } from "../../support/worker.ts";

let directory: string;

/** Some packets of comfort noise's length and of noise. */
const packets = Array.from({ length: 50 }, (_, index) => ({
  opus: Buffer.from([0xf8, index, 1, 2, 3, 4, 5]),
  durationSamples: 960,
}));

beforeAll(async () => {
  const speakers = [{ name: "Ada", parts: [{ startSample: 0, packets }] }];
  directory = await makeRecording({ durationMs: 2_000, speakers });
});

const report = (...args: string[]) => runCommand(["report", ...args], {});

describe("the report command", () => {
  it("writes report.html into the job's folder, says where, and leaves nothing else behind", async () => {
    const before = await readdir(directory);
    const path = join(directory, "report.html");
    expect(await report(directory)).toEqual({ exitCode: 0, stdout: `${path}\n`, stderr: "" });
    expect((await readdir(directory)).filter((name) => !before.includes(name))).toEqual(["report.html"]);
    expect(await readFile(path, "utf8")).toMatch(/^<!doctype html>[\s\S]*<\/html>\n$/);
  });

  it("replaces an earlier report, and any other file only with --force", async () => {
    const path = join(directory, "notes.html");
    await writeFile(path, "my notes");
    const refused = await report(directory, "--out", path);
    expect([refused.exitCode, refused.stderr]).toEqual([
      1,
      `meetbot-discord: --out: ${path} exists and is not a report; give another file, or --force\n`,
    ]);
    expect(await readFile(path, "utf8")).toBe("my notes");
    expect((await report(directory, "--out", path, "--force")).exitCode).toBe(0);
    expect((await report(directory, "--out", path)).exitCode).toBe(0);
  });

  it("contains no sound with --no-embed", async () => {
    const path = join(directory, "small.html");
    expect((await report(directory, "--no-embed", "--out", path)).exitCode).toBe(0);
    expect(await readFile(path, "utf8")).not.toContain('id="audio-0"');
  });

  it.each([
    ["a folder that is not there", ["/nowhere/at/all"], /\/nowhere\/at\/all: no such folder/],
    ["a folder without a recording", ["EMPTY"], /empty: holds no recording; give the folder of one job, which/],
    ["a page in a folder that is not there", ["JOB", "--out", "/nowhere/page.html"], /--out: .* cannot be written/],
    ["a folder as the page", ["JOB", "--out", "EMPTY"], /--out: .* is a folder; give a file/],
  ])("refuses %s with a sentence", async (_, args, sentence) => {
    const empty = join(directory, "empty");
    await mkdir(empty, { recursive: true });
    const paths: Record<string, string> = { JOB: directory, EMPTY: empty };
    const { exitCode, stdout, stderr } = await report(...args.map((arg) => paths[arg] ?? arg));
    expect([exitCode, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(sentence);
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
  });
});
