import type { Log } from "../../log.ts";

/** Runs a step of finishing whose failure must not affect the recording. */
export async function attempt(log: Log, step: string, action: () => Promise<void> | undefined): Promise<void> {
  try {
    await action();
  } catch (error) {
    log.error({ err: error }, `${step} failed`);
  }
}
