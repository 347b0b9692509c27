import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { readOutbox } from "../../delivery/outbox-lines.ts";
import { hasCode } from "../../errors.ts";
import { readOwnFile } from "../../own-files.ts";
import { JOURNAL_FILE, LOCK_FILE, OUTBOX_FILE } from "../../session/job-files.ts";
import type { Remains } from "../domain/job-input.ts";
import { isOver } from "../domain/job-row.ts";

/** As long as an outbox may be. */
const MAX_BYTES = 64_000_000;

/** What a worker that is gone has left in its job's folder of the spool. */
export async function remainsIn(spool: string, jobId: string): Promise<Remains> {
  const names = await namesIn(spool);
  if (names === undefined) return "nothing";
  const others = names.filter((name) => name !== JOURNAL_FILE && name !== OUTBOX_FILE && !name.startsWith(LOCK_FILE));
  if (others.length > 0) return "recorded";
  const journal = names.includes(JOURNAL_FILE) ? await readOwnFile(join(spool, JOURNAL_FILE), MAX_BYTES) : undefined;
  if (journal?.includes('"type":"recording"') === true) return "recorded";
  if (!names.includes(OUTBOX_FILE)) return "unjoined";
  const { lines } = readOutbox(await readOwnFile(join(spool, OUTBOX_FILE), MAX_BYTES), jobId);
  const settled = new Set(lines.flatMap((line) => (line.type === "event" ? [] : [line.deliveryId])));
  // How the job ended is noted and not delivered: recovery delivers it.
  const isUntold = lines.some((line) => line.type === "event" && !settled.has(line.deliveryId) && isEnd(line.data));
  return isUntold ? "recorded" : "unjoined";
}

function isEnd(event: { readonly event: string; readonly status?: unknown }): boolean {
  return event.event === "job.failed" || (typeof event.status === "string" && isOver(event.status as "failed"));
}

async function namesIn(folder: string): Promise<string[] | undefined> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
}
