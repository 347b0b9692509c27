import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it, test } from "vitest";
import { callName } from "../../../src/cli/view/call-link.ts";
import { type MadeRecording, makeRecording } from "../../support/made-recording.ts";
import { runCommand } from "../../support/worker.ts";

let folder: string;
const packets = Array.from({ length: 50 }, (_, index) => ({
  opus: Buffer.from([0xf8, index, 1, 2, 3, 4, 5]),
  durationSamples: 960,
}));
const spoken = { parts: [{ startSample: 0, packets }] };

/** Puts a made recording into the folder, changed as said. */
async function put(name: string, made: MadeRecording, changes: object = {}): Promise<void> {
  const directory = await makeRecording(made);
  const path = join(directory, "manifest.json");
  await writeFile(path, JSON.stringify({ ...JSON.parse(await readFile(path, "utf8")), jobId: name, ...changes }));
  await rename(directory, join(folder, name));
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "meetbot-test-"));
  const names = ["Ada", "健太", "Zoë", "Jack", "Eve", "\u202eevil"];
  await put("job_old", { durationMs: 3_723_000, speakers: names.map((name) => ({ name, ...spoken })) });
  await put(
    "job_new",
    { durationMs: 42_000, channelName: "Stand-up", speakers: [] },
    {
      startedAt: "2026-02-01T12:00:00.000Z",
      exitReason: "nobody_joined",
      failureCode: "lobby_timeout",
    },
  );
  await mkdir(join(folder, "notes"));
  await mkdir(join(folder, "job_cut"));
  await writeFile(join(folder, "job_cut", "manifest.recording.json"), "{}");
  await mkdir(join(folder, "job_bad"));
  await writeFile(join(folder, "job_bad", "manifest.json"), "{");
});

const run = (args: readonly string[], environment: Record<string, string> = {}) =>
  runCommand(args, { TZ: "UTC", ...environment });

describe("list", () => {
  it("shows date, length, channel, server, people and size, newest first, and why a recording has no voice", async () => {
    const { exitCode, stdout, stderr } = await run(["list", folder]);
    expect([exitCode, stderr]).toEqual([0, ""]);
    const blocks = stdout.split("\n\n");
    const newest = blocks.findIndex((block) => block.startsWith("2026-02-01 12:00  0:42  Stand-up in Guild"));
    const oldest = blocks.findIndex((block) => block.startsWith("2026-01-01 12:00  1:02:03  Meeting in Guild"));
    expect(newest).toBeGreaterThanOrEqual(0);
    expect(oldest).toBeGreaterThan(newest);
    expect(blocks[newest]).toContain("No person joined the call. (lobby_timeout)");
    expect(blocks[newest]).toContain("No voice: Nobody joined the call, so there is nothing to hear.");
    expect(blocks[oldest]).toMatch(/6 people: Ada, 健太, Zoë, Jack and 2 more; 0\.0 MB/);
    expect(blocks[oldest]).toContain(join(folder, "job_old"));
    expect(stdout).toContain("not finished: ");
    expect(stdout).toContain("damaged: manifest.json: ");
    expect(stdout).not.toContain("notes");
    expect(stdout).not.toContain("\u001b");
  });

  it("shows a folder as a shell takes it, without what controls a terminal", async () => {
    const odd = await mkdtemp(join(tmpdir(), "meetbot-test-"));
    for (const name of ["my call", "x\u001b]0;y\u0007"]) {
      await mkdir(join(odd, name));
      await writeFile(join(odd, name, "manifest.recording.json"), "{}");
    }
    const { stdout } = await run(["list", odd]);
    expect(stdout).toContain(`\n  '${join(odd, "my call")}'\n`);
    expect(stdout).toContain(`\n  '${join(odd, "x\ufffd]0;y\ufffd")}'\n`);
    expect(stdout).not.toContain("\u001b");
  });

  it("says that a length is unknown if it is impossible for a call", async () => {
    const only = await mkdtemp(join(tmpdir(), "meetbot-test-"));
    const directory = await makeRecording({ durationMs: 1_000, speakers: [] });
    const path = join(directory, "manifest.json");
    await writeFile(path, JSON.stringify({ ...JSON.parse(await readFile(path, "utf8")), durationSeconds: 1e21 }));
    await rename(directory, join(only, "job_1"));
    expect((await run(["list", only])).stdout).toMatch(/^2026-01-01 12:00 {2}unknown length {2}Meeting in Guild\n/);
  });

  it("prints one object as JSON", async () => {
    const { stdout } = await run(["list", "--json"], { MEETBOT_STORAGE_URI: `file:${folder}` });
    const { recordings } = JSON.parse(stdout);
    expect(recordings.map(({ state }: { state: string }) => state).toSorted()).toEqual([
      "damaged",
      "finished",
      "finished",
      "unfinished",
    ]);
    expect(recordings).toContainEqual({
      ...{ state: "finished", folder: join(folder, "job_new"), jobId: "job_new" },
      ...{ startedAt: "2026-02-01T12:00:00.000Z", durationSeconds: 42, channel: "Stand-up", server: "Guild" },
      ...{ people: [], bytes: expect.any(Number), exitReason: "nobody_joined", failureCode: "lobby_timeout" },
      whyEmpty: "Nobody joined the call, so there is nothing to hear.",
    });
  });

  it("says that a folder is empty or missing, and that buckets are not listed", async () => {
    expect((await run(["list", join(folder, "notes")])).stdout).toBe(`no recordings in ${join(folder, "notes")}\n`);
    expect((await run(["list", "/nowhere/at/all"])).stderr).toMatch(
      /^meetbot-discord: \/nowhere\/at\/all: no such folder/,
    );
    const bucket = await run(["list"], { MEETBOT_STORAGE_URI: "s3://bucket/calls" });
    const unfinished = join(folder, "notes", "job_1");
    await mkdir(unfinished);
    await writeFile(join(unfinished, "manifest.recording.json"), "{}");
    expect((await run(["list", unfinished])).stdout).toMatch(/^not finished: /);
    await rm(unfinished, { recursive: true });
    expect(bucket.stderr).toMatch(
      /only a folder on this machine can be listed; .* fetch s3:\/\/bucket\/calls\/JOB_ID\n$/,
    );
  });
});

describe.each(["report", "verify", "export"])("%s in the folder that holds the recordings", (command) => {
  it("says how many recordings there are, and how to name one", async () => {
    const { exitCode, stderr } = await run([command, folder]);
    expect(stderr).toMatch(
      /^meetbot-discord: \S+: contains 4 recordings but is not one itself; name one of them, such as \S+\/job_\w+; to list them: \S+ \S+ list \S+\n$/,
    );
    expect(exitCode).toBe(1);
    const one = join(folder, "only");
    await mkdir(join(one, "job_1"), { recursive: true });
    await writeFile(join(one, "job_1", "manifest.json"), "{}");
    expect((await run([command, one])).stderr).toContain("contains 1 recording but is not one itself");
    await rm(one, { recursive: true });
  });

  it("names a folder without a recording as such, and not as an unfinished job", async () => {
    const notes = join(folder, "notes");
    expect(await run([command, notes])).toMatchObject({
      exitCode: 1,
      stdout: "",
      stderr: `meetbot-discord: ${notes}: holds no recording; give the folder of one job, which holds its manifest.json\n`,
    });
  });
});

test.each([
  ["Stand-up", "Acme", "2026-01-01_12-05_Stand-up_Acme"],
  ["🔊 ../../Etc & Co", "健太のサーバー", "2026-01-01_12-05_Etc-Co_健太のサーバー"],
  ["🎵", "🎵", "2026-01-01_12-05"],
  ["x".repeat(100), "y", `2026-01-01_12-05_${"x".repeat(40)}_y`],
])("The call in %j of %j gives its folder the name %s.", (channel, guild, expected) => {
  const startedAt = new Date(2026, 0, 1, 12, 5).toISOString();
  expect(callName({ startedAt, channel: { id: "1", name: channel }, guild: { id: "2", name: guild } })).toBe(expected);
});
