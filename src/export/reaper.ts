import { SAMPLES_PER_SECOND } from "../audio/opus-packet.ts";
import { samplesAt } from "./session-track.ts";
import type { ExportedSpeaker } from "./speakers.ts";

/**
 * REAPER project, as REAPER saves it: chunks that begin with `<NAME` and end with `>`, one field a line (Cockos' Wiki,
 * "State Chunk Definitions").
 *
 * Each part is an item at its time. Its source is the speaker's whole track from the same time on (`SOFFS`), so an
 * item's edge can be dragged over adjacent sound.
 *
 * @param extension of the tracks' files
 */
export function reaperProject(speakers: readonly ExportedSpeaker[], extension: "wav" | "flac"): string {
  const lines = [
    '<REAPER_PROJECT 0.1 "7.0" 0',
    `  SAMPLERATE ${SAMPLES_PER_SECOND} 1 0`,
    ...speakers.flatMap((speaker) => trackChunk(speaker, extension)),
    ">",
  ];
  return `${lines.join("\n")}\n`;
}

function trackChunk({ name, fileStem, parts }: ExportedSpeaker, extension: "wav" | "flac"): string[] {
  const items = parts.flatMap(({ startOffsetMs, durationMs, part }) => {
    const position = seconds(startOffsetMs);
    return [
      "    <ITEM",
      `      POSITION ${position}`,
      `      LENGTH ${seconds(durationMs)}`,
      "      LOOP 0",
      `      NAME ${quoted(`${name} ${part}`)}`,
      `      SOFFS ${position}`,
      `      <SOURCE ${extension === "wav" ? "WAVE" : "FLAC"}`,
      `        FILE ${quoted(`${fileStem}.${extension}`)}`,
      "      >",
      "    >",
    ];
  });
  return ["  <TRACK", `    NAME ${quoted(name)}`, ...items, "  >"];
}

/** Exact to the sample: ten decimals distinguish 1/48000 s even after days. */
function seconds(sessionMs: number): string {
  return (samplesAt(sessionMs) / SAMPLES_PER_SECOND).toFixed(10);
}

/** REAPER has three kinds of quotes and no escape. The text gets a kind that it does not contain. */
function quoted(text: string): string {
  const quote = ['"', "'", "`"].find((candidate) => !text.includes(candidate));
  return quote === undefined ? `\`${text.replaceAll("`", "'")}\`` : `${quote}${text}${quote}`;
}
