import { loadSharedConfig } from "../config/load.ts";
import { SECRET_NAMES } from "../config/settings.ts";
import { s3UriPlace } from "../config/storage-uri.ts";
import { InputError } from "../errors.ts";
import type { RecordingStreams } from "../recording/verify.ts";
import { RecordingFolder } from "../storage/recording-folder.ts";

/**
 * A job's files, by its folder or its `s3:` address.
 *
 * @throws InputError where nothing is there
 * @throws JobError where a store refuses the credentials, or does not answer
 */
export async function openRecording(job: string): Promise<RecordingStreams> {
  if (!job.startsWith("s3:")) return await RecordingFolder.open(job);
  if (!s3UriPlace(job)?.prefix) {
    throw new InputError(`"${job}" is no job's address in a bucket, expected s3://BUCKET/PREFIX/JOB_ID`);
  }
  // As if recordings went there: the address is checked and its settings read in the same way.
  const { storage, s3Credentials } = loadSharedConfig({ environment: { ...process.env, MEETBOT_STORAGE_URI: job } });
  for (const name of SECRET_NAMES) delete process.env[name];
  if (storage.kind !== "s3") throw new TypeError(`${job} begins with s3: and is no folder`);
  const { S3Recording } = await import("../storage/s3-recording.ts");
  return await S3Recording.open({ ...storage, credentials: s3Credentials });
}
