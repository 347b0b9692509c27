import { execFile } from "node:child_process";
import { mkdtemp, readFile } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { resultsSchema } from "../bench/results.ts";
import { missing } from "../support/audio-programs.ts";

const BENCH = fileURLToPath(new URL("../bench/bench.ts", import.meta.url));
const run = promisify(execFile);
const cannotRun = missing("taskset") || (availableParallelism() < 2 && "the bench needs two cores");

test.skipIf(cannotRun)(
  "the bench writes a table, and JSON in its own format with an object for each peer",
  async () => {
    const json = join(await mkdtemp(join(tmpdir(), "meetbot-")), "bench.json");
    const { stdout } = await run(process.execPath, [BENCH, "--quick", "--only", "start", "--json", json]);
    const { quick, measurements, targets } = resultsSchema.parse(JSON.parse(await readFile(json, "utf8")));
    expect(quick).toBe(true);
    expect(measurements.map(({ peer, figures }) => [peer, Object.keys(figures)])).toEqual([
      ["ours", ["recordingAfterMs", "firstPacketAfterMs", "manifestAfterMs"]],
      ["recipe", ["recordingAfterMs", "firstPacketAfterMs"]],
      ["floor", ["recordingAfterMs"]],
    ]);
    expect(targets.map(({ figure }) => figure)).toEqual(["recordingAfterMs", "manifestAfterMs"]);
    expect(stdout).toContain("process start to recording, 10 speakers");
  },
);
