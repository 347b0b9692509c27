import { basename, resolve } from "node:path";
import { Command, Option } from "commander";
import { SAMPLES_PER_SECOND } from "../../audio/opus-packet.ts";
import { InputError } from "../../errors.ts";
import type { ExportOptions } from "../../export/export-recording.ts";
import { hasFfmpeg, INSTALL_FFMPEG } from "../../export/ffmpeg.ts";
import { FORMATS, type Format, LAYOUTS, type Layout } from "../../export/formats.ts";
import type { MixLevel } from "../../export/mix.ts";
import { typed } from "../../invocation.ts";
import type { Channels } from "../../opus/packet-decoder.ts";
import { callSeconds } from "../../session/call-length.ts";
import { readManifest } from "../../session/recording-files.ts";
import { boundedLines } from "../../text/bounded-lines.ts";
import { printable } from "../../text/safe-text.ts";
import { openFolder } from "../open-recording.ts";
import { pathFor } from "../path-argument.ts";
import { interruptible } from "../process/interrupt.ts";
import { ProgressBar } from "../view/progress-bar.ts";

interface ExportCommandOptions {
  readonly layout: Layout;
  readonly format?: Format;
  readonly channels: "1" | "2";
  readonly lufs: number;
  readonly output?: string;
}

/** EBU R 128, "Target Level". */
const DEFAULT_LUFS = -23;

export function exportCommand(): Command {
  return new Command("export")
    .description("turn a recording into files for an editor, a player or a transcriber")
    .argument("<dir>", "folder of a finished job, with its manifest.json", pathFor("export"))
    .addOption(
      new Option("--layout <layout>", "what to make").choices(Object.keys(LAYOUTS)).default("tracks" satisfies Layout),
    )
    .addOption(new Option("--format <format>", "audio format; by default wav").choices(Object.keys(FORMATS)))
    .addOption(
      new Option("--channels <number>", "1 for mono, which is enough for most voices; 2 for stereo")
        .choices(["1", "2"])
        .default("1"),
    )
    .option("--lufs <number>", "loudness of a mix, from -70 to -5", lufsFrom, DEFAULT_LUFS)
    .option(
      "--output <path>",
      "folder or file to make; by default <job><suffix> in the current folder",
      pathFor("--output"),
    )
    .addHelpText("after", details())
    .action(async (directory: string, options: ExportCommandOptions) => {
      process.exitCode = await exportJob(directory, options);
    });
}

function details(): string {
  const layouts = Object.entries(LAYOUTS).map(
    ([name, { meaning, formats }]) =>
      `  ${name.padEnd(14)}${meaning}${formats.length > 0 ? ` (${formats.join(", ")})` : ""}`,
  );
  const formats = Object.entries(FORMATS).map(([name, { meaning }]) => `  ${name.padEnd(14)}${meaning}`);
  return `
Layouts, with the formats of each:
${layouts.join("\n")}

Formats, all at 48 kHz:
${formats.join("\n")}

Each track starts at session time 0 and is as long as the call, with silence while the speaker is silent or absent. So
the tracks line up to the sample. In mp3 and m4a they start after the encoder's delay, which players skip.

A mix is measured by EBU R 128 and gets one gain for its whole length. It stays quieter if its peaks would clip.

wav needs no other program; every other format needs ffmpeg.

A track that is damaged, missing or outside the call is left out, with a line on standard error. The others are exported.
Nothing is overwritten. A file gets its name once it is complete; after Ctrl-C nothing of it remains.

Exit code: 0 if everything was written, 1 if the command or the recording is wrong, 130 after Ctrl-C.

Examples:
  ${typed("export")} recordings/job_01HX9N8K
  ${typed("export")} recordings/job_01HX9N8K --layout mix --format mp3 --lufs -16
  ${typed("export")} recordings/job_01HX9N8K --layout reaper --format flac --output ~/edit
  ${typed("export")} recordings/job_01HX9N8K --layout srt-skeleton --output call.srt`;
}

function lufsFrom(text: string): number {
  const lufs = Number(text);
  if (text.trim() === "" || !(lufs >= -70 && lufs <= -5)) {
    throw new InputError(
      `--lufs is "${text}", expected a number from -70 to -5, such as -23 (EBU R 128) or -16 (podcasts)`,
    );
  }
  return lufs;
}

/** @returns the exit code */
async function exportJob(directory: string, options: ExportCommandOptions): Promise<number> {
  const { layout } = options;
  const format = formatOf(options);
  const { exportCaptions, exportMix, exportTracks } = await import("../../export/export-recording.ts");
  const { usableTracks } = await import("../../export/usable-tracks.ts");
  const files = await openFolder(directory);
  const recorded = await readManifest(files);
  const target = resolve(options.output ?? `${basename(resolve(directory))}${LAYOUTS[layout].suffix(format)}`);
  const bar = new ProgressBar(process.stderr);
  const callSamples = callSeconds(recorded) * SAMPLES_PER_SECOND;
  return await interruptible(`interrupted: ${target} was not written`, async (signal) => {
    try {
      const { manifest, leftOut } = await usableTracks(recorded, files, signal);
      for (const text of boundedLines(leftOut, "track")) process.stderr.write(`left out: ${printable(text)}\n`);
      if (format === undefined || layout === "srt-skeleton") {
        await exportCaptions({ files, manifest, target });
      } else {
        const channels: Channels = options.channels === "2" ? 2 : 1;
        await expectEncoder(format);
        const onProgress: ExportOptions["onProgress"] = (done, total) =>
          bar.show(done / total, `${clock((done / total) * callSamples)} of ${clock(callSamples)} of the call`);
        const all = { files, manifest, target, channels, signal, onProgress };
        if (layout === "mix") {
          const level = await exportMix(format, options.lufs, all);
          bar.stop();
          printLevel(level, options.lufs);
        } else await exportTracks(layout, format, all);
      }
    } finally {
      bar.stop();
    }
    process.stdout.write(`${target}\n`);
  });
}

function formatOf({ layout, format }: ExportCommandOptions): Format | undefined {
  const { formats } = LAYOUTS[layout];
  if (format === undefined || formats.includes(format)) return format ?? formats[0];
  throw new InputError(
    formats.length === 0
      ? `--format ${format} cannot be used with --layout ${layout}, which writes no sound; leave --format out`
      : `--format ${format} cannot be used with --layout ${layout}, expected ${formats.join(" or ")}`,
  );
}

/** @throws InputError if the format needs ffmpeg and it is not installed */
async function expectEncoder(format: Format): Promise<void> {
  if (FORMATS[format].codec === undefined || (await hasFfmpeg())) return;
  throw new InputError(`--format ${format} needs ffmpeg, which was not found: ${INSTALL_FFMPEG}, or use --format wav`);
}

function printLevel({ measuredLufs, resultLufs }: MixLevel, targetLufs: number): void {
  if (measuredLufs === undefined || resultLufs === undefined) {
    process.stderr.write("the mix is silent; its loudness was not changed\n");
    return;
  }
  const quieter = targetLufs - resultLufs > 0.05 ? `: at ${targetLufs} its peaks would clip` : "";
  process.stderr.write(`loudness: ${measuredLufs.toFixed(1)} LUFS before, ${resultLufs.toFixed(1)} now${quieter}\n`);
}

function clock(samples: number): string {
  const seconds = Math.floor(samples / SAMPLES_PER_SECOND);
  const two = (value: number): string => String(value).padStart(2, "0");
  return `${Math.floor(seconds / 3_600)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}
