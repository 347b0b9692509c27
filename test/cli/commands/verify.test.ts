import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, expect, it } from "vitest";
import { partFileName } from "../../../src/session/job-files.ts";
import { type Manifest, manifestSchema } from "../../../src/session/manifest.ts";
import { makeRecording } from "../../support/made-recording.ts";
import { runCommand } from "../../support/worker.ts";

let directory: string;
let manifest: Manifest;

const packets = Array.from({ length: 50 }, (_, index) => ({
  opus: Buffer.from([0xf8, index, 1, 2, 3, 4, 5]),
  durationSamples: 960,
}));

beforeEach(async () => {
  const speakers = [{ name: "Ada", parts: [{ startSample: 0, packets }] }];
  directory = await makeRecording({ durationMs: 2_000, speakers });
  manifest = manifestSchema.parse(JSON.parse(await readFile(join(directory, "manifest.json"), "utf8")));
});

it("If 30,000 tracks are missing, verify names 20 and says how many more there are.", async () => {
  const tracks = Array.from({ length: 30_000 }, (_, index) => ({ ...manifest.tracks[0], part: index + 2 }));
  await writeFile(join(directory, "manifest.json"), JSON.stringify({ ...manifest, tracks }));
  const { exitCode, stderr } = await runCommand(["verify", directory], {});
  const lines = stderr.trimEnd().split("\n");
  expect(lines).toHaveLength(22);
  expect(lines[20]).toMatch(/^and \d{5} more faults$/);
  expect(lines[21]).toMatch(/: 300\d\d faults$/);
  expect(exitCode).toBe(1);
});

it("If a million lines are wrong, verify names 10, counts 9,990 and says how many it did not read.", async () => {
  await writeFile(join(directory, "events.jsonl"), "x\n".repeat(1_000_000));
  const { exitCode, stderr } = await runCommand(["verify", directory], {});
  expect(stderr).toContain("events.jsonl: 9990 more wrong lines; the 990000 lines after them were not read\n");
  expect(stderr.trimEnd().split("\n")).toHaveLength(12);
  expect(stderr).toContain(": 10000 faults\n");
  expect(exitCode).toBe(1);
});

it.each(["report", "verify"])("%s reports a track that is a folder, and reads the other files.", async (command) => {
  const [track] = manifest.tracks;
  const name = partFileName(track?.speakerId ?? "", track?.part ?? 0);
  await rm(join(directory, name));
  await mkdir(join(directory, name));
  await writeFile(join(directory, "events.jsonl"), "nothing\n");
  const { exitCode, stderr } = await runCommand([command, directory], {});
  expect(stderr).toMatch(new RegExp(`^${name}.* not a file that can be read`, "m"));
  expect(stderr).toMatch(/^events\.jsonl/m);
  expect(exitCode).toBe(command === "report" ? 0 : 1);
});
