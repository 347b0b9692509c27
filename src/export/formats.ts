/** Tables of formats and layouts. Help texts and errors are made from them. */

export type Format = "wav" | "flac" | "ogg" | "mp3" | "m4a";
export type Layout = "tracks" | "mix" | "audacity" | "reaper" | "srt-skeleton";

export interface FormatRow {
  readonly meaning: string;
  /** ffmpeg's options; undefined if the format needs no ffmpeg. */
  readonly codec: readonly string[] | undefined;
}

export const FORMATS: Readonly<Record<Format, FormatRow>> = {
  wav: { meaning: "16 bit, no loss; needs no ffmpeg", codec: undefined },
  flac: { meaning: "no loss, about half of wav's size", codec: ["-c:a", "flac", "-f", "flac"] },
  ogg: { meaning: "Opus, encoded again", codec: ["-c:a", "libopus", "-b:a", "96k", "-f", "ogg"] },
  mp3: { meaning: "VBR of about 190 kbit/s in stereo", codec: ["-c:a", "libmp3lame", "-q:a", "2", "-f", "mp3"] },
  m4a: {
    meaning: "AAC, 160 kbit/s",
    codec: ["-c:a", "aac", "-b:a", "160k", "-movflags", "+faststart", "-f", "ipod"],
  },
};

export interface LayoutRow {
  readonly meaning: string;
  /** The first is the default; empty if the layout has no sound. */
  readonly formats: readonly Format[];
  /** Follows the job's name. Without an extension it is a folder. */
  readonly suffix: (format: Format | undefined) => string;
}

const EVERY: readonly Format[] = ["wav", "flac", "ogg", "mp3", "m4a"];
/** Not every editor cuts off the encoder's delay of mp3 and m4a, and not every editor reads Opus. */
const EXACT: readonly Format[] = ["wav", "flac"];

export const LAYOUTS: Readonly<Record<Layout, LayoutRow>> = {
  tracks: {
    meaning: "a folder with one file for each speaker, all equally long",
    formats: EVERY,
    suffix: () => "-tracks",
  },
  mix: {
    meaning: "one file with all speakers, at a set loudness",
    formats: EVERY,
    suffix: (format) => `-mix.${format}`,
  },
  audacity: {
    meaning: "tracks, a .lof file that opens them all, and labels.txt with who speaks when",
    formats: EXACT,
    suffix: () => "-audacity",
  },
  reaper: {
    meaning: "tracks, and a .rpp project with a track for each speaker and an item for each part",
    formats: EXACT,
    suffix: () => "-reaper",
  },
  "srt-skeleton": {
    meaning: "captions without words: a cue with the speaker's name for each talkspurt",
    formats: [],
    suffix: () => ".srt",
  },
};
