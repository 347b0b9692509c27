import { InputError, messageOf } from "../errors.ts";
import { printable } from "../text/safe-text.ts";
import { attachmentFileName, MANIFEST_FILE, MAX_MANIFEST_BYTES, partFileName } from "./job-files.ts";
import { type Manifest, manifestSchema } from "./manifest.ts";

/** A finished job's files, in any storage. */
export interface RecordingFiles {
  /**
   * @returns undefined if the file does not exist
   * @throws TooLongError if it has more than `maxBytes`; it reads no more than that
   * @throws UnreadableFileError if it is not a file, or is not readable
   */
  read(name: string, maxBytes: number): Promise<Buffer | undefined>;
}

/** The same for files that are too long for memory. */
export interface RecordingStreams extends RecordingFiles {
  /** @throws InputError, on the first piece, if the file does not exist */
  stream(name: string, signal?: AbortSignal): AsyncIterable<Buffer>;
}

/**
 * The manifest of a finished job.
 *
 * @throws InputError if there is no manifest, or if it does not match its schema
 */
export async function readManifest(files: RecordingFiles): Promise<Manifest> {
  return (await readManifestFile(files)).manifest;
}

/** The same, with the bytes that it was read from. */
export async function readManifestFile(
  files: RecordingFiles,
): Promise<{ readonly manifest: Manifest; readonly bytes: Buffer }> {
  const bytes = await files.read(MANIFEST_FILE, MAX_MANIFEST_BYTES);
  if (bytes === undefined) {
    throw new InputError(
      `${MANIFEST_FILE}: missing; the job is not finished: let its worker end, or recover it from its spool`,
    );
  }
  const parsed = parseManifest(bytes);
  if (typeof parsed === "string") throw new InputError(`${MANIFEST_FILE}: ${parsed}`);
  return { manifest: parsed, bytes };
}

/** A file that is something else violates every rule. */
const MAX_ISSUES = 3;

/** @returns the problem as a sentence if it is not a manifest */
export function parseManifest(bytes: Buffer): Manifest | string {
  let json: unknown;
  try {
    json = JSON.parse(bytes.toString("utf8"));
  } catch (error) {
    return printable(messageOf(error));
  }
  const result = manifestSchema.safeParse(json);
  if (result.success) return twiceNamed(result.data) ?? result.data;
  const { issues } = result.error;
  const shown = issues.slice(0, MAX_ISSUES).map(({ path, message }) => `${path.join(".") || "the file"}: ${message}`);
  const more = issues.length > MAX_ISSUES ? `; and at least ${issues.length - MAX_ISSUES} more` : "";
  return `not a manifest of version 1, or damaged (${shown.join("; ")}${more})`;
}

/** Two entries for one file would overwrite each other. */
function twiceNamed({ tracks, attachments = [] }: Manifest): string | undefined {
  const seen = new Set<string>();
  const names = [
    ...tracks.map(({ speakerId, part }) => partFileName(speakerId, part)),
    ...attachments.map(({ attachmentId, filename }) => attachmentFileName(attachmentId, filename)),
  ];
  for (const name of names) {
    if (seen.has(name)) return `names ${name} twice; it is damaged, or somebody has changed it`;
    seen.add(name);
  }
  return undefined;
}
