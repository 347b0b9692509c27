import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";

const PREFIX = "meetbot-run-";

/**
 * Gives a run of tests a folder for everything that they make, and removes it at the end. So a test that fails, or is
 * stopped, leaves nothing behind. The projects of a run share one folder.
 */
export async function setup(): Promise<(() => Promise<void>) | undefined> {
  if (basename(tmpdir()).startsWith(PREFIX)) return undefined;
  const folder = await mkdtemp(join(tmpdir(), PREFIX));
  // Some tests become another user, who has folders in it.
  await chmod(folder, 0o711);
  // Read by `tmpdir()` here and in all child processes.
  process.env.TMPDIR = folder;
  return async () => {
    // A process that a test killed may still write.
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  };
}
