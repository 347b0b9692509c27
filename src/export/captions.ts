import type { SpokenTurn } from "./turns.ts";

/**
 * A template of SubRip captions: a cue for each talkspurt with `[name]`, and an empty line for the text. A cue ends
 * with an empty line, so players accept the template.
 */
export function captionSkeleton(turns: readonly SpokenTurn[]): string {
  return turns
    .map(({ startMs, endMs, name }, index) =>
      [`${index + 1}`, `${timecode(startMs)} --> ${timecode(endMs)}`, `[${asText(name)}]`, "", "", ""].join("\n"),
    )
    .join("");
}

/** SubRip has no escape: characters that a player would read as an arrow, a tag or a style are replaced by look-alikes. */
function asText(name: string): string {
  return name.replaceAll("<", "‹").replaceAll(">", "›").replaceAll("{", "(").replaceAll("}", ")");
}

/** `HH:MM:SS,mmm`. */
function timecode(sessionMs: number): string {
  const whole = Math.round(sessionMs);
  const two = (value: number): string => String(value).padStart(2, "0");
  const seconds = Math.floor(whole / 1_000);
  const clock = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60].map(two).join(":");
  return `${clock},${String(whole % 1_000).padStart(3, "0")}`;
}
