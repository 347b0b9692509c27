import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { readOutbox } from "../../delivery/outbox-lines.ts";
import { hasCode } from "../../errors.ts";
import { readOwnFile } from "../../own-files.ts";
import { JOURNAL_FILE, LOCK_FILE, OUTBOX_FILE, RESERVE_FILE } from "../../session/job-files.ts";
import type { Remains } from "../domain/job-input.ts";
import { isOver } from "../domain/job-row.ts";

/** The maximum size of an outbox. */
const MAX_BYTES = 64_000_000;

/** A worker has these before it joins. */
const OF_ANY_WORKER: ReadonlySet<string> = new Set([JOURNAL_FILE, OUTBOX_FILE, RESERVE_FILE]);

/** Looks for what a worker that is gone has left in its job's spool folder. */
export async function remainsIn(spool: string, jobId: string): Promise<Remains> {
  const names = await namesIn(spool);
  if (names === undefined) return "nothing";
  const others = names.filter((name) => !OF_ANY_WORKER.has(name) && !name.startsWith(LOCK_FILE));
  if (others.length > 0) return "recorded";
  const journal = names.includes(JOURNAL_FILE) ? await readOwnFile(join(spool, JOURNAL_FILE), MAX_BYTES) : undefined;
  if (journal?.includes('"type":"recording"') === true) return "recorded";
  if (!names.includes(OUTBOX_FILE)) return "unjoined";
  const { lines } = readOutbox(await readOwnFile(join(spool, OUTBOX_FILE), MAX_BYTES), jobId);
  const settled = new Set(lines.flatMap((line) => (line.type === "event" ? [] : [line.deliveryId])));
  // The outbox holds the end of the job, not yet delivered. A recovery delivers it.
  const isUndelivered = lines.some(
    (line) => line.type === "event" && !settled.has(line.deliveryId) && isEnd(line.data),
  );
  return isUndelivered ? "recorded" : "unjoined";
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
