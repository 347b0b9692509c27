import { type Dirent, existsSync } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { hasCode, InputError, messageOf } from "../errors.ts";
import { whyEmpty } from "../report/why-empty.ts";
import { isPartFile, MANIFEST_FILE, PROVISIONAL_FILE } from "../session/job-files.ts";
import type { Manifest } from "../session/manifest.ts";
import { readManifest } from "../session/recording-files.ts";
import { RecordingFolder } from "../storage/recording-folder.ts";

/** An entry of `list` for one recording's folder. */
export type ListedRecording =
  | {
      readonly state: "finished";
      readonly folder: string;
      readonly jobId: string;
      readonly startedAt: string;
      readonly durationSeconds: number;
      readonly channel: string;
      readonly server: string;
      /** The people who were in the call, without bots. */
      readonly people: readonly string[];
      readonly bytes: number;
      readonly exitReason: Manifest["exitReason"];
      readonly failureCode: Manifest["failureCode"];
      /** Why it has no voice; null if it has one. */
      readonly whyEmpty: string | null;
    }
  /** It has no manifest yet: it is being recorded, or its worker was killed. */
  | { readonly state: "unfinished"; readonly folder: string }
  /** Its manifest cannot be read. */
  | { readonly state: "damaged"; readonly folder: string; readonly detail: string };

/**
 * The recordings in a folder, the newest first. Other folders are ignored.
 *
 * @param directory contains the jobs' folders, or is one itself
 * @throws InputError if it is not a folder that can be read
 */
export async function listRecordings(directory: string): Promise<ListedRecording[]> {
  if (await looksLikeRecording(directory)) return [await describe(directory)];
  const listed: ListedRecording[] = [];
  for (const folder of await recordingFolders(directory)) listed.push(await describe(folder));
  return listed.toSorted((a, b) => startOf(b).localeCompare(startOf(a)) || a.folder.localeCompare(b.folder));
}

/** The folders of recordings inside a folder. */
export async function recordingFolders(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch((error: unknown) => {
    throw new InputError(`${directory}: ${reasonOf(error)}; give the folder that contains the recordings`, {
      cause: error,
    });
  });
  const folders = entries.filter((entry: Dirent) => entry.isDirectory()).map(({ name }) => join(directory, name));
  const isRecording = await Promise.all(folders.map(looksLikeRecording));
  return folders.filter((_, index) => isRecording[index]);
}

/** Whether a folder has files of a recording, finished or not. */
export async function looksLikeRecording(folder: string): Promise<boolean> {
  if ([MANIFEST_FILE, PROVISIONAL_FILE].some((name) => existsSync(join(folder, name)))) return true;
  // A folder that cannot be read is not shown as a recording.
  const names = await readdir(folder).catch((): string[] => []);
  return names.some(isPartFile);
}

function reasonOf(error: unknown): string {
  if (hasCode(error, "ENOENT")) return "no such folder";
  return hasCode(error, "ENOTDIR") ? "is a file" : messageOf(error);
}

function startOf(recording: ListedRecording): string {
  // Recordings without a date may still be in progress: they come first.
  return recording.state === "finished" ? recording.startedAt : "9999";
}

async function describe(folder: string): Promise<ListedRecording> {
  if (!existsSync(join(folder, MANIFEST_FILE))) return { state: "unfinished", folder };
  try {
    const manifest = await readManifest(await RecordingFolder.open(folder));
    const { jobId, startedAt, durationSeconds, exitReason, failureCode, participants } = manifest;
    return {
      ...{ state: "finished", folder, jobId, startedAt, durationSeconds, exitReason, failureCode },
      channel: manifest.channel.name,
      server: manifest.guild.name,
      people: participants.filter(({ bot }) => !bot).map(({ displayName }) => displayName),
      bytes: await bytesIn(folder),
      whyEmpty: whyEmpty(manifest) ?? null,
    };
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return { state: "damaged", folder, detail: error.message };
  }
}

async function bytesIn(folder: string): Promise<number> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  const files = entries.filter((entry) => entry.isFile());
  const sizes = await Promise.all(files.map(async ({ parentPath, name }) => (await stat(join(parentPath, name))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}
