import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { exitAfterBeginning, startWorker } from "../../../src/cli/process/worker-process.ts";
import { NODE_FLAGS, WORKER_ENVIRONMENT } from "../../support/shipped-worker.ts";

/** A process that no SIGTERM ends, as one in a loop of native code. */
const HANGS = "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000);";

it.skipIf(process.platform !== "linux")("A worker starts with the settings that keep its memory small", () => {
  const child = startWorker({}, {});
  const variables = readFileSync(`/proc/${child.pid}/environ`, "utf8").split("\0");
  child.kill("SIGKILL");
  expect(child.spawnargs).toEqual(expect.arrayContaining([...NODE_FLAGS]));
  expect(variables).toEqual(
    expect.arrayContaining(Object.entries(WORKER_ENVIRONMENT).map(([name, value]) => `${name}=${value}`)),
  );
});

describe("a worker that is being waited for", () => {
  it("is stopped if it hangs before it joins", async () => {
    const child = spawn(process.execPath, ["-e", HANGS]);
    const exit = exitAfterBeginning(child, () => ({ hasJoined: false, hasBegun: false }), {
      beginMs: 1_000,
      endMs: 200,
    });
    await expect(exit).rejects.toThrow("the worker had not joined the call after 1 s, and was ended");
    expect(child.signalCode).toBe("SIGKILL");
  });

  it("is stopped if the call does not begin after it has joined", async () => {
    const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000);"]);
    const exit = exitAfterBeginning(child, () => ({ hasJoined: true, hasBegun: false }), {
      beginMs: 1_000,
      endMs: 2_000,
    });
    await expect(exit).rejects.toThrow(
      "the call had not begun after 1 s, and the worker was ended: the bot had no keys of the call's encrypted group",
    );
    expect(child.signalCode).toBe("SIGTERM");
  });

  it("may take its time after the call has begun, and its exit code is returned", async () => {
    const child = spawn(process.execPath, ["-e", "setTimeout(() => process.exit(5), 500)"]);
    const progress = () => ({ hasJoined: true, hasBegun: true });
    expect(await exitAfterBeginning(child, progress, { beginMs: 1, endMs: 1 })).toBe(5);
  });
});
