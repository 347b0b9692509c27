import { mkdtemp, readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runCommand } from "../support/worker.ts";

const emptyFolder = (): Promise<string> => mkdtemp(join(tmpdir(), "meetbot-test-"));

describe("an address instead of a folder", () => {
  const BUCKET = "s3://bucket/calls";
  it.each([
    ["demo", "--storage", BUCKET],
    ["replay", "test/fixtures/standup", "--storage", BUCKET],
    ["replay", BUCKET],
    ["loopback", BUCKET],
    ["list", BUCKET],
    ["report", BUCKET],
    ["report", ".", "--out", `${BUCKET}/report.html`],
    ["export", BUCKET],
    ["export", ".", "--output", BUCKET],
    ["fetch", BUCKET, `${BUCKET}/there`],
    ["recover", BUCKET],
  ])("of another place than this machine is refused in one sentence: %s %s %s", async (...args) => {
    const directory = await emptyFolder();
    const run = await runCommand(
      args.filter((arg) => arg !== undefined),
      {},
      directory,
    );
    expect(run.exitCode).toBe(1);
    expect(run.stderr.trim().split("\n")).toHaveLength(1);
    expect(run.stderr).toContain(
      `is "${args.findLast((arg) => arg?.startsWith("s3:"))}", expected a path on this machine`,
    );
    expect(await readdir(directory)).toEqual([]);
  });

  it.each(["file:", "file://"])("that begins with %s names the folder", async (scheme) => {
    const directory = await emptyFolder();
    const run = await runCommand(["list", `${scheme}${directory}`, "--json"], {}, directory);
    expect(run).toMatchObject({ exitCode: 0, stdout: '{"recordings":[]}\n' });
    for (const command of [["verify"], ["report"], ["export"], ["recover"], ["replay"]]) {
      const { exitCode, stderr } = await runCommand([...command, `${scheme}${directory}/none`], {}, directory);
      expect(`${command} ${exitCode} ${stderr}`).not.toContain("file:");
    }
    expect(await readdir(directory)).toEqual([]);
  });
});

it("Settings accept a file: address for a folder, refuse other addresses, and require one for the storage.", async () => {
  const directory = await emptyFolder();
  const base = {
    DISCORD_BOT_TOKEN: "MTAwMDAwMDAwMDAwMDAwMDAx.AAAAAA.AAAAAAAAAAAAAAAAAAAAAAAAAAA",
    MEETBOT_MEETING_URL: "discord://100000000000000001/100000000000000002",
    MEETBOT_LOG_LEVEL: "silent",
  };
  const refused = await runCommand(
    ["record"],
    {
      ...base,
      MEETBOT_SPOOL_DIR: "s3://bucket/spool",
      MEETBOT_CAPTURE_DIR: "https://example.com/x",
      MEETBOT_NOTICE_AUDIO: "s3://bucket/notice.ogg",
      MEETBOT_STORAGE_URI: directory,
    },
    directory,
  );
  expect(refused.exitCode).toBe(1);
  for (const name of ["SPOOL_DIR", "CAPTURE_DIR", "NOTICE_AUDIO"]) {
    expect(refused.stderr).toMatch(new RegExp(`MEETBOT_${name} is "\\S+", expected a path on this machine`));
  }
  expect(refused.stderr).toContain(
    `MEETBOT_STORAGE_URI is "${directory}", expected file:DIR, a folder on this machine,`,
  );
  const nested = await runCommand(["record"], { ...base, MEETBOT_STORAGE_URI: `file:file:${directory}` }, directory);
  expect(nested.stderr).toContain("MEETBOT_STORAGE_URI is");
  // One folder within the other, as both are understood: nothing is joined.
  const taken = await runCommand(
    ["record"],
    { ...base, MEETBOT_SPOOL_DIR: `file:${directory}`, MEETBOT_STORAGE_URI: `file:${directory}/recordings` },
    directory,
  );
  expect(taken).toMatchObject({ exitCode: 1 });
  expect(taken.stderr).toContain(`${directory} and ${directory}/recordings are one inside the other`);
  expect(await readdir(directory)).toEqual([]);
});
