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
import { readManifest } from "../../recording/verify.ts";
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
    .argument("<dir>", "a finished job's folder, which holds its manifest.json", pathFor("export"))
    .addOption(
      new Option("--layout <layout>", "what is made").choices(Object.keys(LAYOUTS)).default("tracks" satisfies Layout),
    )
    .addOption(new Option("--format <format>", "format of the sound; wav by default").choices(Object.keys(FORMATS)))
    .addOption(
      new Option("--channels <number>", "1 mixes stereo down, as voices mostly are; 2 keeps it")
        .choices(["1", "2"])
        .default("1"),
    )
    .option("--lufs <number>", "how loud a mix becomes, from -70 to -5", lufsFrom, DEFAULT_LUFS)
    .option(
      "--output <path>",
      "folder or file to make; by default <job><ending> in the current folder",
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
Layouts, with the formats that each can have:
${layouts.join("\n")}

Formats, all of 48 kHz:
${formats.join("\n")}

Tracks begin at session time 0 and are as long as the call, with silence where a speaker was silent or absent: what was
said at a time lies at that time in each, to the sample; in mp3 and m4a after the encoder's delay, which players cut off.
A mix is measured as EBU R 128 says and multiplied by one number; where its peaks would be cut off it stays more quiet.

wav needs nothing else, for tracks as for a mix; every other format needs ffmpeg.

A track that is damaged, missing or not within the call is left out, with a line on standard error; the others are made.
Nothing that exists is overwritten. Files get their names when they are complete, and after Ctrl-C nothing is left.
Exit code: 0 where it is done, 1 where something has to be changed, 130 after Ctrl-C.

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
  const callSamples = recorded.durationSeconds * SAMPLES_PER_SECOND;
  return await interruptible(`interrupted: ${target} was not written`, async (signal) => {
    try {
      const { manifest, leftOut } = await usableTracks(recorded, files, signal);
      for (const text of leftOut) process.stderr.write(`left out: ${printable(text)}\n`);
      if (format === undefined || layout === "srt-skeleton") {
        await exportCaptions({ files, manifest, target });
      } else {
        const channels: Channels = options.channels === "2" ? 2 : 1;
        await expectEncoder(format);
        const onProgress: ExportOptions["onProgress"] = (done, total) =>
          bar.show(done / total, `${clock((done / total) * callSamples)} of ${clock(callSamples)} of the call`);
        const all = { files, manifest, target, channels, signal, onProgress };
        if (layout === "mix") tellLevel(await exportMix(format, options.lufs, all), options.lufs);
        else await exportTracks(layout, format, all);
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
      ? `--format ${format} does not go with --layout ${layout}, which writes no sound; leave --format out`
      : `--format ${format} does not go with --layout ${layout}, expected ${formats.join(" or ")}`,
  );
}

/** @throws InputError where the format cannot be written without a program that is not there */
async function expectEncoder(format: Format): Promise<void> {
  if (FORMATS[format].codec === undefined || (await hasFfmpeg())) return;
  throw new InputError(`--format ${format} needs ffmpeg, which is not there: ${INSTALL_FFMPEG}, or take --format wav`);
}

function tellLevel({ measuredLufs, resultLufs }: MixLevel, targetLufs: number): void {
  if (measuredLufs === undefined || resultLufs === undefined) {
    process.stderr.write("the mix holds nothing that could be heard; it was left as loud as it is\n");
    return;
  }
  const quieter = targetLufs - resultLufs > 0.05 ? `: ${targetLufs} would cut off its peaks` : "";
  process.stderr.write(`loudness: ${measuredLufs.toFixed(1)} LUFS before, ${resultLufs.toFixed(1)} now${quieter}\n`);
}

function clock(samples: number): string {
  const seconds = Math.floor(samples / SAMPLES_PER_SECOND);
  const two = (value: number): string => String(value).padStart(2, "0");
  return `${Math.floor(seconds / 3_600)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}
