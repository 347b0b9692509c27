import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { makeRecording } from "../support/made-recording.ts";
import { person, toneCall } from "../support/tone-call.ts";
import { recordFixture, runCommand } from "../support/worker.ts";

const NAMES = [
  "A".repeat(100_000),
  "🎵".repeat(20_000),
  "\u001b]0;PWNED\u0007\u001b[2J\u001b[31m\u009b5;5H",
  "../../../../etc/passwd\u0000x",
  "x\n1\n00:00:00,000 --> 99:00:00,000\nINJECTED\u202egnp.exe\u2066",
  "__proto__",
];

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what may not reach a terminal
const TERMINAL_CONTROLS = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;

it("records people whose names are endless, control a terminal or look like paths, like everyone else", async () => {
  const call = toneCall(
    NAMES.map((name, index) => ({
      user: person(index + 1, name),
      speaksFromMs: 0,
      packetCount: 50,
      leavesAtMs: 2_500,
    })),
  );
  const { header } = call;
  const guild = { ...header.guild, name: `\u001b[2J${"G".repeat(10_000)}` };
  const channel = { ...header.channel, name: `../..\u202e\u0000${"C".repeat(10_000)}` };
  const recorded = await recordFixture({ ...call, header: { ...header, guild, channel } });
  const { manifest, directory, exitCode, stderr, stdout } = recorded;
  expect(exitCode).toBe(0);
  expect(manifest.datagrams.written).toBe(50 * NAMES.length);
  expect(manifest.speakers).toHaveLength(NAMES.length);
  const names = [
    manifest.guild.name,
    manifest.channel.name,
    ...manifest.speakers.map(({ displayName }) => displayName),
  ];
  for (const name of names) expect([...name].length).toBeLessThanOrEqual(100);
  expect(names.join("")).not.toMatch(/\p{Cc}/u);
  expect(`${stderr}${stdout}`).not.toMatch(TERMINAL_CONTROLS);
  const verified = await runCommand(["verify", directory], {});
  expect([verified.exitCode, verified.stderr]).toEqual([0, ""]);
  const listed = await runCommand(["list", join(directory, "..")], {});
  expect(listed.stdout).not.toMatch(TERMINAL_CONTROLS);
});

it("removes terminal controls from the names in a stranger's recording that verify prints", async () => {
  const directory = await makeRecording({ speakers: [], durationMs: 1_000 });
  await writeFile(join(directory, "events.jsonl"), "\u001b]0;PWNED\u0007\u009b\u202e\n{}\n");
  const { exitCode, stderr } = await runCommand(["verify", directory], {});
  expect(stderr).toContain("events.jsonl:1: ");
  expect(stderr).not.toMatch(TERMINAL_CONTROLS);
  expect(exitCode).toBe(1);
});

it.each([["export"], ["report"]])("%s reports an invalid manifest in one printable line.", async (command) => {
  const directory = await mkdtemp(join(tmpdir(), "meetbot-test-"));
  await writeFile(join(directory, "manifest.json"), "\u001b]0;PWNED\u0007\n\u009b\u202e");
  const { exitCode, stderr } = await runCommand([command, directory], {});
  expect(stderr).toMatch(/^meetbot-discord: manifest\.json: /);
  expect(stderr.trimEnd()).not.toMatch(TERMINAL_CONTROLS);
  expect(stderr.trimEnd().split("\n")).toHaveLength(1);
  expect(exitCode).toBe(1);
  expect(await readFile(join(directory, "manifest.json"), "utf8")).toContain("PWNED");
});
