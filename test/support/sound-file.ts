import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

interface Probe {
  readonly codec_name: string;
  readonly sample_rate: string;
  readonly channels: number;
  readonly duration: string;
}

/** Tags that a player shows, with names in lower case. In Ogg they belong to the stream. */
export async function tagsOf(path: string): Promise<Record<string, string>> {
  const { stdout } = await run("ffprobe", ["-v", "error", "-show_format", "-show_streams", "-of", "json", path]);
  const { format, streams } = JSON.parse(stdout);
  const tags: Record<string, string> = { ...streams[0].tags, ...format.tags };
  return Object.fromEntries(Object.entries(tags).map(([name, text]) => [name.toLowerCase(), text]));
}

/** The stream of a sound file. */
export async function probe(path: string): Promise<Probe> {
  const { stdout } = await run("ffprobe", ["-v", "error", "-show_streams", "-of", "json", path]);
  return JSON.parse(stdout).streams[0];
}

/** The samples of a sound file: 16 bit, one channel, 48 kHz. */
export async function decoded(path: string): Promise<Buffer> {
  const options = ["-v", "error", "-i", path, "-f", "s16le", "-ac", "1", "-ar", "48000", "-"];
  return (await run("ffmpeg", options, { encoding: "buffer", maxBuffer: 1 << 28 })).stdout;
}

/** LUFS by EBU R 128, as ffmpeg measures it. */
export async function loudnessOf(path: string): Promise<number> {
  const { stderr } = await run("ffmpeg", [
    "-hide_banner",
    "-nostats",
    "-i",
    path,
    "-filter:a",
    "ebur128",
    "-f",
    "null",
    "-",
  ]);
  return Number(/Integrated loudness:\s+I:\s+(-?[\d.]+) LUFS/.exec(stderr)?.[1]);
}
