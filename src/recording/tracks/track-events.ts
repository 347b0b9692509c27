import { samplesToMs } from "../../audio/opus-packet.ts";
import type { JobJournal } from "../job/job-journal.ts";
import type { TrackListener } from "./track-listener.ts";

/** Writes track events to events.jsonl and to the journal. */
export function trackEvents(
  journal: JobJournal,
): Pick<TrackListener, "partOpened" | "partClosed" | "anchored" | "talkspurt"> {
  return {
    partOpened: ({ userId, name, startSamples }) =>
      journal.event({ type: "part.open", atMs: samplesToMs(startSamples), speakerId: userId, file: name }),
    partClosed: (part) => {
      const { startSamples, durationSamples, userId, file } = part;
      journal.event({
        type: "part.close",
        atMs: samplesToMs(startSamples),
        endMs: samplesToMs(startSamples + durationSamples),
        speakerId: userId,
        file: file.name,
      });
      const { path: _, ...stored } = file;
      journal.note({ type: "part", ...part, file: stored });
    },
    anchored: (speakerId, ssrc, { reason, positionSamples, shiftSamples }) =>
      journal.event({
        type: "anchor",
        atMs: samplesToMs(positionSamples),
        speakerId,
        ssrc,
        reason,
        shiftMs: samplesToMs(shiftSamples),
      }),
    talkspurt: (speakerId, start, end) =>
      journal.event({ type: "talkspurt", atMs: samplesToMs(start), endMs: samplesToMs(end), speakerId }),
  };
}
