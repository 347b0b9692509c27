import { existsSync } from "node:fs";
import { join } from "node:path";
import { InputError } from "../errors.ts";
import { typed } from "../invocation.ts";
import type { RecordingStreams } from "../recording/verify.ts";
import { MANIFEST_FILE } from "../session/job-files.ts";
import { loadSharedConfig } from "../settings/load.ts";
import { SECRET_NAMES } from "../settings/settings.ts";
import { s3UriPlace } from "../settings/storage-uri.ts";
import { RecordingFolder } from "../storage/recording-folder.ts";
import { counted } from "../text/counted.ts";
import { quoted } from "../text/shell-words.ts";
import { pathFor } from "./path-argument.ts";
import { recordingFolders } from "./recordings.ts";

/**
 * A recording's files, by its folder.
 *
 * @throws InputError if it is none, or the folder that holds recordings
 */
export async function openFolder(directory: string): Promise<RecordingFolder> {
  const folder = await RecordingFolder.open(directory);
  if (existsSync(join(directory, MANIFEST_FILE))) return folder;
  const [first, ...others] = await recordingFolders(directory);
  if (first === undefined) return folder;
  throw new InputError(
    `${directory}: holds ${counted(others.length + 1, "recording")} and is none itself; name one of them, such as ${quoted(first)}; to see them: ${typed("list", directory)}`,
  );
}

/**
 * A job's files, by its folder or its `s3:` address.
 *
 * @throws InputError where nothing is there
 * @throws JobError where a store refuses the credentials, or does not answer
 */
export async function openRecording(job: string): Promise<RecordingStreams> {
  if (!job.startsWith("s3:")) return await openFolder(pathFor("the recording")(job));
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
