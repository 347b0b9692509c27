import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { type Loopback, type LoopbackOptions, startLoopback } from "../../src/loopback/loopback.ts";
import { toneCall } from "./tone-call.ts";

/** A loopback for one test, closed when the test is over. Its call is empty unless given. */
export async function testLoopback(options: Partial<LoopbackOptions> = {}): Promise<Loopback> {
  const workDir = await mkdtemp(join(tmpdir(), "loopback-"));
  const loopback = await startLoopback({ fixture: toneCall([]), workDir, ...options });
  onTestFinished(async () => {
    await loopback.close();
    await rm(workDir, { recursive: true });
  });
  return loopback;
}
