import { createWriteStream } from "node:fs";
import { mkdir, statfs, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { BYTES_PER_SAMPLE, wavHeader } from "../audio/wav.ts";
import { InputError } from "../errors.ts";
import type { Channels } from "../opus/packet-decoder.ts";
import type { Manifest } from "../session/manifest.ts";
import type { RecordingStreams } from "../session/recording-files.ts";
import { audacityLabels, audacityList } from "./audacity.ts";
import { captionSkeleton } from "./captions.ts";
import { encodeWithFfmpeg } from "./ffmpeg.ts";
import { FORMATS, type Format, type Layout } from "./formats.ts";
import { intoPlace } from "./into-place.ts";
import { leveled, type MixLevel, measureLevel, sumOf } from "./mix.ts";
import { reaperProject } from "./reaper.ts";
import { sessionSamples, sessionTrack } from "./session-track.ts";
import { type ExportedSpeaker, exportedSpeakers, onOneLine } from "./speakers.ts";
import { readTurns } from "./turns.ts";

export interface ExportOptions {
  readonly files: RecordingStreams;
  readonly manifest: Manifest;
  /** The file or folder to make. It must not exist. */
  readonly target: string;
  readonly channels: Channels;
  readonly signal: AbortSignal;
  /** Called with the number of finished samples and the total. */
  readonly onProgress: (done: number, total: number) => void;
}

/** Captions without words. */
export async function exportCaptions({
  files,
  manifest,
  target,
}: Pick<ExportOptions, "files" | "manifest" | "target">): Promise<void> {
  const turns = await readTurns(files, exportedSpeakers(manifest));
  await intoPlace(target, (path) => writeFile(path, captionSkeleton(turns)));
}

/** A folder with a file for each speaker, all of equal length, and the project file of the layout. */
export async function exportTracks(
  layout: Exclude<Layout, "mix" | "srt-skeleton">,
  format: Format,
  options: ExportOptions,
): Promise<void> {
  const { manifest, target } = options;
  const speakers = expectSpeakers(manifest);
  const samples = sessionSamples(manifest);
  await expectRoom(target, format, speakers.length * samples * options.channels);
  await intoPlace(target, async (folder) => {
    await mkdir(folder);
    for (const [index, { fileStem, name, parts }] of speakers.entries()) {
      const path = join(folder, `${fileStem}.${format}`);
      const track = sessionTrack(parts, samples, options);
      const counted = counting(track, options, { before: index * samples, total: speakers.length * samples });
      await writeAudio(path, format, counted, samples, { ...options, artist: name });
    }
    for (const [name, text] of await projectFiles(layout, format, speakers, options)) {
      await writeFile(join(folder, name), text);
    }
  });
}

/** One file with everyone, at one loudness. It is measured first, then written. */
export async function exportMix(format: Format, targetLufs: number, options: ExportOptions): Promise<MixLevel> {
  const { manifest, target, channels } = options;
  const speakers = expectSpeakers(manifest);
  const samples = sessionSamples(manifest);
  await expectRoom(target, format, samples * channels);
  const mix = (): AsyncIterable<Float32Array> =>
    sumOf(
      speakers.map(({ parts }) => sessionTrack(parts, samples, options)),
      channels,
    );
  return await intoPlace(target, async (path) => {
    const measured = counting(mix(), options, { before: 0, total: 2 * samples });
    const level = await measureLevel(measured, channels, targetLufs);
    const written = counting(leveled(mix(), level.gain), options, { before: samples, total: 2 * samples });
    const artist = speakers.map(({ name }) => name).join(", ");
    await writeAudio(path, format, written, samples, { ...options, artist });
    return level;
  });
}

function expectSpeakers(manifest: Manifest): ExportedSpeaker[] {
  const speakers = exportedSpeakers(manifest);
  if (speakers.length > 0) return speakers;
  throw new InputError(`the job ${manifest.jobId} has no sound: nobody was heard, so there is nothing to export`);
}

/** Checks the free disk space for formats whose size is known before: those without compression. */
async function expectRoom(target: string, format: Format, samples: number): Promise<void> {
  if (FORMATS[format].codec !== undefined) return;
  const needed = samples * BYTES_PER_SAMPLE;
  // If the folder does not exist, writing to it says so.
  const space = await statfs(dirname(target)).catch(() => undefined);
  if (space === undefined || space.bavail * space.bsize >= needed) return;
  throw new InputError(
    `${target}: needs ${gigabytes(needed)} GB, but ${gigabytes(space.bavail * space.bsize)} GB are free there; --format flac takes less`,
  );
}

function gigabytes(bytes: number): string {
  return (bytes / 1e9).toFixed(1);
}

async function projectFiles(
  layout: "tracks" | "audacity" | "reaper",
  format: Format,
  speakers: readonly ExportedSpeaker[],
  { files }: ExportOptions,
): Promise<[name: string, text: string][]> {
  switch (layout) {
    case "tracks":
      return [];
    case "audacity": {
      const names = speakers.map(({ fileStem }) => `${fileStem}.${format}`);
      const labels = audacityLabels(await readTurns(files, speakers));
      return [
        ["session.lof", audacityList(names)],
        ["labels.txt", labels],
      ];
    }
    case "reaper":
      return [["session.rpp", reaperProject(speakers, format === "flac" ? "flac" : "wav")]];
  }
}

async function* counting<Block extends Buffer | Float32Array>(
  blocks: AsyncIterable<Block>,
  { channels, onProgress }: ExportOptions,
  { before, total }: { readonly before: number; readonly total: number },
): AsyncIterable<Block> {
  let done = before;
  for await (const block of blocks) {
    yield block;
    done += (block instanceof Float32Array ? block.length : block.length / BYTES_PER_SAMPLE) / channels;
    onProgress(done, total);
  }
}

async function writeAudio(
  path: string,
  format: Format,
  blocks: AsyncIterable<Buffer>,
  samples: number,
  { channels, signal, manifest, artist }: ExportOptions & { readonly artist: string },
): Promise<void> {
  const { codec } = FORMATS[format];
  const options = [...(codec ?? []), ...tagOptions(manifest, artist)];
  if (codec !== undefined) return await encodeWithFfmpeg(path, blocks, channels, options, signal);
  const wav = async function* (): AsyncIterable<Buffer> {
    yield wavHeader(channels, samples);
    yield* blocks;
  };
  await pipeline(wav, createWriteStream(path, { flags: "wx" }), { signal });
}

/** ffmpeg's options for the metadata that a player shows: the call and the speakers. */
function tagOptions({ channel, guild, startedAt }: Manifest, artist: string): string[] {
  const title = `${onOneLine(channel.name)} in ${onOneLine(guild.name)}, ${startedAt.slice(0, 10)}`;
  const tags = { title, artist, date: startedAt.slice(0, 10) };
  return Object.entries(tags).flatMap(([name, text]) => ["-metadata", `${name}=${text}`]);
}
