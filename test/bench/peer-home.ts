import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * Makes a home folder for the measured processes, and removes it afterwards. The worker keeps its compiled code there
 * (src/cli/process/compile-cache.ts), so only the first of its starts is one without a cache.
 */
export async function withPeerHome<Result>(use: (home: string) => Promise<Result>): Promise<Result> {
  const home = await mkdtemp(join(tmpdir(), "meetbot-bench-home-"));
  try {
    await mkdir(join(home, ".cache"));
    return await use(home);
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}
