import { existsSync } from "node:fs";
import { cp, mkdtemp, readdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { DROP_FATES } from "../../src/audio/fates.ts";
import { runCommand } from "../support/worker.ts";

const OLDER = new URL("../fixtures/older-version/", import.meta.url).pathname;
const ADDED = ["dave_plaintext", "excess", "silence", "disk_refused"];

const workFolder = () => mkdtemp(join(tmpdir(), "meetbot-test-"));
const manifestOf = async (folder: string) => JSON.parse(await readFile(join(folder, "manifest.json"), "utf8"));

test("A recording made by an earlier version can be verified, listed, exported and shown.", async () => {
  const work = await workFolder();
  const folder = join(work, "finished");
  await cp(join(OLDER, "finished"), folder, { recursive: true });
  const written = await manifestOf(folder);
  expect(Object.keys(written.datagrams.dropped)).toEqual(DROP_FATES.filter((fate) => !ADDED.includes(fate)));
  for (const args of [
    ["verify", folder],
    ["list", work],
    ["export", folder],
    ["report", folder],
  ]) {
    const { exitCode, stderr } = await runCommand(args, { HOME: work }, work);
    expect({ args, exitCode, stderr }).toMatchObject({ exitCode: 0 });
  }
  expect(existsSync(join(work, "finished-tracks"))).toBe(true);
  expect(existsSync(join(folder, "report.html"))).toBe(true);
});

const HOSTILE = "\u001b]0;PWNED\u0007\u009b2J\nx";
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what may not reach a terminal
const TERMINAL_CONTROLS = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/;

test("Control characters in names, which earlier versions wrote, are removed when they are read or printed.", async () => {
  const work = await workFolder();
  const folder = join(work, "finished");
  await cp(join(OLDER, "finished"), folder, { recursive: true });
  for (const file of ["manifest.json", "events.jsonl", "chat.jsonl"]) {
    const written = await readFile(join(folder, file), "utf8");
    const renamed = written.replaceAll(
      /("(?:displayName|username|name)":\s*)"[^"]*"/g,
      (_, key: string) => key + JSON.stringify(HOSTILE),
    );
    expect(renamed).toContain("PWNED");
    await writeFile(join(folder, file), renamed);
  }
  for (const args of [
    ["verify", folder],
    ["list", work],
    ["export", folder],
    ["report", folder],
  ]) {
    const { exitCode, stdout, stderr } = await runCommand(args, { HOME: work }, work);
    expect({ args, exitCode, stderr }).toMatchObject({ exitCode: 0 });
    expect(`${stdout}${stderr}`).not.toMatch(TERMINAL_CONTROLS);
  }
  expect(await readFile(join(folder, "report.html"), "utf8")).not.toContain("\u001b");
  expect((await readdir(join(work, "finished-tracks"))).join("")).not.toMatch(TERMINAL_CONTROLS);
});

test("A job of an earlier version that was killed is recovered with everything that was on disk.", async () => {
  const work = await workFolder();
  const [spool, recordings] = [join(work, "spool", "killed"), join(work, "recordings")];
  await cp(join(OLDER, "killed-spool"), spool, { recursive: true });
  await cp(join(OLDER, "killed-storage"), join(recordings, "killed"), { recursive: true });
  const journal = await readFile(join(spool, "journal.jsonl"), "utf8");
  await writeFile(join(spool, "journal.jsonl"), journal.replace('"/recordings"', JSON.stringify(recordings)));
  const environment = { HOME: work, MEETBOT_STORAGE_URI: `file:${recordings}` };
  expect(await runCommand(["recover", spool], environment)).toMatchObject({ exitCode: 0 });
  expect(await runCommand(["verify", join(recordings, "killed")], environment)).toMatchObject({ exitCode: 0 });

  const manifest = await manifestOf(join(recordings, "killed"));
  expect(manifest.e2ee).toEqual({ daveProtocolVersion: 1, epochs: 2, plaintextPackets: 0 });
  expect(Object.keys(manifest.datagrams.dropped)).toEqual([...DROP_FATES]);
  for (const { id, talkTimeMs, datagrams } of manifest.participants) {
    const parts = manifest.tracks.filter((track: { speakerId: string }) => track.speakerId === id);
    const packets = parts.reduce(
      (sum: number, part: { packets: { received: number } }) => sum + part.packets.received,
      0,
    );
    expect(packets).toBeGreaterThanOrEqual(30);
    expect(datagrams.written).toBe(packets);
    // The parts that were closed say nothing of their talk time: that of the last count is the least that is known.
    expect(talkTimeMs).toBeGreaterThanOrEqual(600);
  }
});
