// What `make-download` does. `make-download.ts` describes the command and loads this file only to run it.
import { mkdir, rm, writeFile } from "node:fs/promises";
import { constants, setPriority } from "node:os";
import { join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import { InputError } from "../../../errors.ts";
import { type ExportOptions, exportCaptions, exportMix, exportTracks } from "../../../export/export-recording.ts";
import { hasFfmpeg } from "../../../export/ffmpeg.ts";
import { safeStem } from "../../../export/speakers.ts";
import { usableTracks } from "../../../export/usable-tracks.ts";
import { zipFolder } from "../../../export/zip.ts";
import { readPageAssets } from "../../../report/html.ts";
import { makeReport } from "../../../report/report.ts";
import { type DownloadNews, type DownloadTaskLine, downloadTask } from "../../../service/shared-link/download-task.ts";
import type { Manifest } from "../../../session/manifest.ts";
import { type RecordingStreams, readManifest } from "../../../session/recording-files.ts";
import { openRecording } from "../../open-recording.ts";

/** The usual loudness of podcasts. */
const MIX_LUFS = -16;
/** More often nobody sees. */
const NEWS_EVERY_MS = 250;
/** The folder below the report's address in which the service has the recording's files. */
const FILES_FOLDER = "files";

/**
 * Makes one download. The service ends this process if nobody wants it any more: then standard input ends.
 *
 * @returns the exit code
 */
export async function makeDownload(): Promise<number> {
  setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
  const input = createInterface({ input: process.stdin, terminal: false });
  const onGone = (): never => process.exit(1);
  input.once("close", onGone);
  const task = downloadTask.parse(JSON.parse(await firstLineOf(input)));
  Object.assign(process.env, task.environment);
  try {
    const files = await openRecording(task.source);
    await make(task, files, await readManifest(files), progressReporter());
    return 0;
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    // Its reader knows nothing of the service's folders.
    tell({ refused: error.message.replaceAll(task.target, "the download").replaceAll(task.source, "the recording") });
    return 1;
  } finally {
    input.off("close", onGone).close();
    process.stdin.destroy();
  }
}

async function make(
  { kind, target }: DownloadTaskLine,
  files: RecordingStreams,
  recorded: Manifest,
  onProgress: (done: number, total: number) => void,
): Promise<void> {
  const { signal } = new AbortController();
  // A name of emoji only leaves nothing.
  const stem = `${safeStem(recorded.channel.name) || "recording"}-${recorded.startedAt.slice(0, 10)}`;
  if (kind === "report") {
    await mkdir(target);
    const page = makeReport(files, {
      ...{ assets: await readPageAssets(), embed: undefined, showDeleted: false, folderPath: [FILES_FOLDER] },
      onProgress,
      // The report shows these warnings too.
      onWarning: () => undefined,
    });
    return await writeFile(join(target, `${stem}.html`), page);
  }
  const { manifest } = await usableTracks(recorded, files, signal);
  const options: Omit<ExportOptions, "target"> = { files, manifest, channels: 1, signal, onProgress };
  const encodes = await hasFfmpeg();
  switch (kind) {
    case "mix": {
      const format = encodes ? "mp3" : "wav";
      await mkdir(target);
      await exportMix(format, MIX_LUFS, { ...options, target: join(target, `${stem}-mix.${format}`) });
      return;
    }
    case "speakers":
      return await exportTracks("tracks", encodes ? "flac" : "wav", { ...options, target });
    case "audacity": {
      await mkdir(target);
      const project = join(target, "project");
      await exportTracks("audacity", encodes ? "flac" : "wav", { ...options, target: project });
      await zipFolder(project, join(target, `${stem}-audacity.zip`), signal);
      return await rm(project, { recursive: true });
    }
    case "captions":
      await mkdir(target);
      return await exportCaptions({ files, manifest, target: join(target, `${stem}.srt`) });
  }
}

function progressReporter(): (done: number, total: number) => void {
  let last = Number.NEGATIVE_INFINITY;
  return (done, total) => {
    const now = performance.now();
    if (total <= 0 || now - last < NEWS_EVERY_MS) return;
    last = now;
    tell({ progress: done / total });
  };
}

function tell(news: DownloadNews): void {
  process.stdout.write(`${JSON.stringify(news)}\n`);
}

function firstLineOf(input: Interface): Promise<string> {
  return new Promise((resolve) => input.once("line", resolve));
}
