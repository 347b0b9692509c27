/** Files that are mutated together. */
export interface Room {
  /** Folder under `src/`, and under `test/` for the tests that judge it. */
  readonly folder: string;
  /** Its files, without `.ts`; all of the folder if there are none. */
  readonly files?: readonly string[];
  /** Tests that judge more than the file after which they are named, without `.test.ts`. */
  readonly alsoTests?: readonly string[];
}

export const ROOMS: Readonly<Record<string, Room>> = {
  audio: { folder: "audio", alsoTests: ["timeline-bounds"] },
  ogg: { folder: "audio/ogg" },
  session: { folder: "session" },
  leaving: { folder: "session/leaving" },
  tracks: { folder: "recording/tracks", alsoTests: ["track-streams", "refused-part"] },
  counts: { folder: "recording/call", files: ["recording-gaps", "datagram-counts", "latencies", "session-clock"] },
  receive: { folder: "discord/receive" },
  kernel: { folder: "discord/receive/kernel" },
  dave: { folder: "discord/dave" },
  voice: { folder: "discord/voice", files: ["opening-silence", "close-policy"] },
};
