import { isAbsolute } from "node:path";
import { InputError } from "../errors.ts";
import { typed } from "../invocation.ts";
import type { JobLine } from "../session/journal.ts";
import type { SharedConfig } from "../settings/load.ts";
import { type StorageConfig, storageConfig } from "../settings/storage.ts";
import { s3UriPlace } from "../settings/storage-uri.ts";

export interface Trust {
  /** Whether files go where the journal says, and not where MEETBOT_STORAGE_URI says. */
  readonly journalStorage: boolean;
}

/**
 * Where the files of an unfinished job go. An attacker may have written the spool, and its journal would then decide
 * where we write and who gets our credentials. So it must agree with the environment.
 *
 * @throws InputError if it does not
 */
export function storageOfEarlier(job: JobLine, directory: string, config: SharedConfig, trust: Trust): StorageConfig {
  const parsed = storageConfig.safeParse(job.storage);
  if (!parsed.success || !isUsable(parsed.data)) {
    throw new InputError(`${directory}: its journal names no storage that can be used; it is damaged`);
  }
  const journaled = parsed.data;
  if (placeOf(journaled) === placeOf(config.storage)) return config.storage;
  if (!trust.journalStorage) {
    throw new InputError(
      `${directory}: its journal stores to ${placeOf(journaled)}, but MEETBOT_STORAGE_URI names ${placeOf(config.storage)}; set MEETBOT_STORAGE_URI to the first, or if nobody else can write to this spool: ${typed("recover", "--journal-storage", directory)}`,
    );
  }
  // Credentials are only for the environment's endpoint, whatever a journal says.
  if (journaled.kind === "s3" && journaled.endpoint !== config.s3Endpoint) {
    throw new InputError(
      `${directory}: its journal names the endpoint ${journaled.endpoint ?? "of Amazon S3"}, but MEETBOT_S3_ENDPOINT is ${config.s3Endpoint ?? "not set"}; set it to the same if that store is yours`,
    );
  }
  return journaled;
}

/** @throws InputError if the folder was renamed, or its journal is another job's */
export function expectOwnJournal(job: JobLine, directory: string, folderName: string): void {
  if (job.jobId === folderName) return;
  throw new InputError(
    `${directory}: its journal is that of the job ${job.jobId}, expected the job that the folder is named after; give the folder its job's name`,
  );
}

function isUsable(storage: StorageConfig): boolean {
  if (storage.kind === "file") return isAbsolute(storage.directory) && !/\p{Cc}/u.test(storage.directory);
  return s3UriPlace(`s3://${storage.bucket}/${storage.prefix}`) !== undefined;
}

function placeOf(storage: StorageConfig): string {
  if (storage.kind === "file") return `file:${storage.directory}`;
  const { bucket, prefix, endpoint } = storage;
  return `s3://${bucket}/${prefix}${endpoint === undefined ? "" : ` at ${endpoint}`}`;
}
