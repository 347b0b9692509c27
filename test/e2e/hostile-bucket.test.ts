import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import type { Manifest } from "../../src/session/manifest.ts";
import { type HostileAnswer, HostileBucket } from "../support/hostile-bucket.ts";
import { recordInMemory } from "../support/memory-recording.ts";
import { runCommand } from "../support/worker.ts";

const MEGABYTE = 1_000_000;

let files: ReadonlyMap<string, Buffer>;
let manifest: Manifest;
let audio: string;

beforeAll(async () => {
  ({ files, manifest } = await recordInMemory());
  audio = [...files.keys()].find((name) => name.endsWith(".ogg")) ?? "";
});

async function fetchFrom(changes: Readonly<Record<string, HostileAnswer>>) {
  await using bucket = await HostileBucket.start(
    new Map<string, HostileAnswer>([...files, ...Object.entries(changes)]),
  );
  const folder = await mkdtemp(join(tmpdir(), "meetbot-test-"));
  const directory = join(folder, "a", "b", "job_1");
  const run = await runCommand(["fetch", bucket.job, directory], bucket.environment);
  const left = existsSync(directory) ? (await readdir(directory)).sort() : [];
  return { ...run, left, directory, folder, endlessBytes: bucket.endlessBytes };
}

const changed = (change: (manifest: Manifest) => object) =>
  Buffer.from(JSON.stringify({ ...manifest, ...change(manifest) }));
const track = (change: object) =>
  changed(({ tracks: [first, ...others] }) => ({ tracks: [{ ...first, ...change }, ...others] }));

describe("fetch from a bucket that an attacker filled", () => {
  it("stops a file at the size in the manifest, and leaves nothing of it", async () => {
    const { exitCode, stderr, left, endlessBytes } = await fetchFrom({ [audio]: { endless: true } });
    expect(stderr).toMatch(new RegExp(`${audio}: the storage sends more than the \\d+ bytes that it should have`));
    expect(exitCode).toBe(1);
    expect(left).toEqual(["chat.jsonl", "events.jsonl"]);
    expect(endlessBytes).toBeLessThan(40 * MEGABYTE);
  });

  it.each(["manifest.json", "events.jsonl"])("limits how much it reads of an endless %s", async (name) => {
    const contentLength = 20_000 * MEGABYTE;
    const { exitCode, stderr, left, endlessBytes } = await fetchFrom({ [name]: { endless: true, contentLength } });
    expect(stderr).toMatch(new RegExp(`^meetbot-discord: .*${name}: longer than \\d+ bytes`));
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
    expect(exitCode).toBe(1);
    expect(left).toEqual([]);
    expect(endlessBytes).toBeLessThan(400 * MEGABYTE);
  });

  it("limits how much it reads of an endless error response", async () => {
    const { exitCode, stderr, endlessBytes } = await fetchFrom({ "manifest.json": { endless: true, status: 500 } });
    expect(stderr).toContain("its answer is longer than 1000000 bytes");
    expect(exitCode).toBe(2);
    expect(endlessBytes).toBeLessThan(40 * MEGABYTE);
  });

  it("follows no redirect", async () => {
    await using other = await HostileBucket.start(
      new Map([["manifest.json", files.get("manifest.json") ?? Buffer.of()]]),
    );
    const location = `${other.environment.MEETBOT_S3_ENDPOINT}/bkt/p/job_1/manifest.json`;
    const { exitCode, left } = await fetchFrom({ "manifest.json": { status: 307, headers: { location } } });
    expect([exitCode, left]).toEqual([1, []]);
  });

  it.each<[string, () => Buffer, RegExp]>([
    [
      "a speaker's id that is a path",
      () => track({ speakerId: "x/../../../../fetched-evil" }),
      /speakerId: expected an id/,
    ],
    [
      "a speaker's id that is not printable",
      () => track({ speakerId: "1\u202e\u001b]0;PWN\u0007" }),
      /speakerId: expected/,
    ],
    [
      "an attachment's id that is a path",
      () =>
        changed(() => ({
          attachments: [
            {
              attachmentId: "../..",
              messageId: "1",
              filename: "..",
              contentType: null,
              uri: "x",
              bytes: 1,
              sha256: "0".repeat(64),
            },
          ],
        })),
      /attachmentId: expected an id/,
    ],
    ["one file twice", () => changed(({ tracks }) => ({ tracks: [...tracks, tracks[0]] })), /names audio\.\S+ twice/],
    ["more bytes than the disk has", () => track({ bytes: 9e15 }), /but [\d.]+ GB are free there/],
  ])("refuses a manifest with %s in one sentence", async (_, content, sentence) => {
    const { exitCode, stderr, folder, left } = await fetchFrom({ "manifest.json": content() });
    expect(stderr).toMatch(sentence);
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what may not reach a terminal
    expect(stderr).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
    expect(exitCode).toBe(1);
    expect(left).toEqual([]);
    expect((await readdir(folder)).filter((name) => name !== "a")).toEqual([]);
  });

  it("writes files that only their user can read, and never through a link", async () => {
    const { directory } = await fetchFrom({});
    expect((await stat(directory)).mode & 0o777).toBe(0o700);
    expect((await stat(join(directory, audio))).mode & 0o777).toBe(0o600);
    const target = await mkdtemp(join(tmpdir(), "meetbot-test-"));
    await writeFile(join(target, "mine"), "mine");
    await using bucket = await HostileBucket.start(files);
    const linked = join(target, "job_1");
    await mkdir(linked);
    await symlink(join(target, "mine"), join(linked, audio));
    const { exitCode, stderr } = await runCommand(["fetch", bucket.job, linked], bucket.environment);
    expect(stderr).toContain(`${join(linked, audio)} is a link, expected a file`);
    expect(exitCode).toBe(1);
  });
});

describe("verify of a bucket that an attacker filled", () => {
  it("reads no more of a file than the size in the manifest", async () => {
    await using bucket = await HostileBucket.start(
      new Map<string, HostileAnswer>([...files, [audio, { endless: true }]]),
    );
    const { exitCode, stderr } = await runCommand(["verify", bucket.job], bucket.environment);
    expect(stderr).toMatch(new RegExp(`^${audio}: more than \\d+ bytes`));
    expect(exitCode).toBe(1);
    expect(bucket.endlessBytes).toBeLessThan(40 * MEGABYTE);
  });
});
