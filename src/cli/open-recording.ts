import { InputError } from "../errors.ts";
import { typed } from "../invocation.ts";
import type { RecordingStreams } from "../session/recording-files.ts";
import { loadSharedConfig } from "../settings/load.ts";
import { SECRET_NAMES } from "../settings/settings.ts";
import { s3UriPlace } from "../settings/storage-uri.ts";
import { RecordingFolder } from "../storage/recording-folder.ts";
import { counted } from "../text/counted.ts";
import { quoted } from "../text/shell-words.ts";
import { pathFor } from "./path-argument.ts";
import { looksLikeRecording, recordingFolders } from "./recordings.ts";

/**
 * Opens the folder of a recording.
 *
 * @throws InputError if it is not one, or contains recordings itself
 */
export async function openFolder(directory: string): Promise<RecordingFolder> {
  const folder = await RecordingFolder.open(directory);
  // Without a manifest it is not finished, which whoever reads it says.
  if (await looksLikeRecording(directory)) return folder;
  const [first, ...others] = await recordingFolders(directory);
  if (first === undefined)
    throw new InputError(`${directory}: holds no recording; give the folder of one job, which holds its manifest.json`);
  throw new InputError(
    `${directory}: contains ${counted(others.length + 1, "recording")} but is not one itself; name one of them, such as ${quoted(first)}; to list them: ${typed("list", directory)}`,
  );
}

/**
 * Opens a recording by its folder or its `s3:` address.
 *
 * @throws InputError if nothing is there
 * @throws JobError if the storage refuses the credentials, or does not answer
 */
export async function openRecording(job: string): Promise<RecordingStreams> {
  if (!job.startsWith("s3:")) return await openFolder(pathFor("the recording")(job));
  if (!s3UriPlace(job)?.prefix) {
    throw new InputError(`"${job}" is not the address of a job in a bucket, expected s3://BUCKET/PREFIX/JOB_ID`);
  }
  // The address is checked, and its settings are read, as if it were the storage of a job.
  const { storage, s3Credentials } = loadSharedConfig({ environment: { ...process.env, MEETBOT_STORAGE_URI: job } });
  for (const name of SECRET_NAMES) delete process.env[name];
  if (storage.kind !== "s3") throw new TypeError(`${job} begins with s3: and is not a folder`);
  const { S3Recording } = await import("../storage/s3/s3-recording.ts");
  return await S3Recording.open({ ...storage, credentials: s3Credentials });
}
