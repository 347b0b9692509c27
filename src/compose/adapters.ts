import { type Destination, ingestDestination, webhookDestination } from "../delivery/destination.ts";
import { readNoticeSound } from "../discord/notice/notice-sound.ts";
import { BoundedStorage } from "../recording/job/bounded-storage.ts";
import type { Storage } from "../recording/ports/storage.ts";
import type { SpokenNotice } from "../recording/ports/voice.ts";
import type { Config, SharedConfig } from "../settings/load.ts";
import type { S3Credentials, StorageConfig } from "../settings/storage.ts";
import { FileStorage } from "../storage/file.ts";
import { systemClock } from "./system-clock.ts";

/** @throws InputError if the webhook's address is not allowed */
export function destinationsOf({ webhook, ingest }: SharedConfig): Destination[] {
  return [
    ...(webhook === undefined ? [] : [webhookDestination(webhook)]),
    ...(ingest === undefined ? [] : [ingestDestination(ingest)]),
  ];
}

/** A job's storage, with deadlines. */
export async function composeStorage(
  storage: StorageConfig,
  jobId: string,
  credentials: S3Credentials | undefined,
): Promise<Storage> {
  return new BoundedStorage(await openStorage(storage, jobId, credentials), systemClock);
}

/** The AWS SDK is loaded only if it is used. */
async function openStorage(
  storage: StorageConfig,
  jobId: string,
  credentials: S3Credentials | undefined,
): Promise<Storage> {
  if (storage.kind === "file") return new FileStorage(storage.directory, jobId);
  const { S3Storage } = await import("../storage/s3/s3.ts");
  return new S3Storage({ ...storage, credentials }, jobId);
}

/** @throws InputError if the file cannot be spoken */
export async function spokenNoticeOf({ consent: { audio } }: Config): Promise<SpokenNotice | undefined> {
  return audio === undefined ? undefined : await readNoticeSound(audio === "default" ? undefined : audio.path);
}
