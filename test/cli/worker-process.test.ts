import { spawn } from "node:child_process";
import { describe, expect, it } from "vitest";
import { exitAfterJoining } from "../../src/cli/worker-process.ts";

/** A process that no SIGTERM ends, as one in a loop of native code. */
const HANGS = "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000);";

describe("a worker that is waited for", () => {
  it("is ended if it hangs before it has joined", async () => {
    const child = spawn(process.execPath, ["-e", HANGS]);
    const exit = exitAfterJoining(child, () => false, { joinMs: 1_000, endMs: 200 });
    await expect(exit).rejects.toThrow("the worker had not joined the call after 1 s, and was ended");
    expect(child.signalCode).toBe("SIGKILL");
  });

  it("may take its time once it has joined, and its exit code is given", async () => {
    const child = spawn(process.execPath, ["-e", "setTimeout(() => process.exit(5), 500)"]);
    expect(await exitAfterJoining(child, () => true, { joinMs: 1, endMs: 1 })).toBe(5);
  });
});
