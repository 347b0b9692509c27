/**
 * The data of a report's page: JSON that the generator writes and the browser's code reads. It contains only types and
 * one number, so both sides can import it. Times ending in `Ms` are on the session clock; samples are its time at 48
 * kHz.
 */

export interface PageData {
  readonly channel: string;
  readonly guild: string;
  readonly jobId: string;
  /** ISO 8601; session time 0. */
  readonly startedAt: string;
  /** ISO 8601. */
  readonly endedAt: string;
  readonly durationMs: number;
  /** In display order. */
  readonly facts: readonly PageFact[];
  /** For operators. */
  readonly technicalFacts: readonly PageFact[];
  /** One sentence, if nobody was heard. */
  readonly whyEmpty: string | undefined;
  /** Sentences for people. */
  readonly warnings: readonly string[];
  readonly speakers: readonly PageSpeaker[];
  /** People who were in the call and were not heard. */
  readonly listeners: readonly PagePerson[];
  readonly gaps: readonly PageGap[];
  /** Undefined if chat was not recorded. */
  readonly messages: readonly PageMessage[] | undefined;
  /** Names of the people whom messages mention, by user id (`8`), and of threads and channels (`#8`). */
  readonly mentions: Readonly<Record<string, string>>;
  /** The recording's own files; empty if no relative path leads to them. */
  readonly files: readonly PageFile[];
  /** Address of the folder of the files: relative, with a slash at the end. */
  readonly filesAt: string;
  /**
   * The audio in separately decodable clips, sorted by start. Clip n is the line `n % clipsPerBlock` of the script
   * element `audio-<floor(n / clipsPerBlock)>`, an Ogg Opus stream in Base64. Empty if the page holds no audio.
   */
  readonly clips: readonly PageClip[];
  readonly clipsPerBlock: number;
  /** Why the page holds no audio; undefined if it does. */
  readonly audioLeftOut: string | undefined;
}

export type PageFact = readonly [name: string, text: string];

export interface PageFile {
  readonly name: string;
  /** Undefined for files that hold no sound. */
  readonly sound?: { readonly speaker: number; readonly fromMs: number; readonly ms: number; readonly bytes: number };
}

export interface PagePerson {
  readonly name: string;
  readonly username: string;
  readonly bot: boolean;
  readonly present: readonly Span[];
  /** Times when they were in the call but not recorded, because they had not agreed. */
  readonly withheld: readonly Span[];
}

export interface PageSpeaker extends PagePerson {
  /** A, B, C … by first words. */
  readonly label: string;
  /** Undefined if unknown: the manifest has no count, although there is sound. */
  readonly talkTimeMs: number | undefined;
  readonly talkspurts: readonly Span[];
  readonly waveform: readonly PageWave[];
  readonly packets: number;
  readonly lost: number;
}

export type Span = readonly [fromMs: number, toMs: number];

/** The loudness of a section of sound. */
export interface PageWave {
  readonly fromMs: number;
  /** One byte for each 20 ms, in Base64: the square root of the peak amplitude, 255 for full scale. */
  readonly peaks: string;
}

export interface PageGap {
  readonly fromMs: number;
  readonly toMs: number;
  /** In words. */
  readonly reason: string;
}

export interface PageMessage {
  readonly offsetMs: number;
  /** `Note` for a note that names nobody. */
  readonly author: string;
  readonly bot: boolean;
  /** Whether it is a note about the recording, and not a message in Discord. */
  readonly note: boolean;
  /** Discord's markdown. */
  readonly text: string;
  /** Texts of messages that this one forwards, in Discord's markdown. */
  readonly forwarded: readonly string[];
  /** What is attached, in words. */
  readonly extras: readonly string[];
  /** Index of the message that this one answers. */
  readonly replyTo: number | undefined;
  readonly thread: string | undefined;
  readonly edited: boolean;
  /** When it was deleted. Its text is left out, unless the report was made to show it. */
  readonly deletedAtMs: number | undefined;
  readonly reactions: readonly (readonly [emoji: string, count: number])[];
}

/**
 * A clip: a section of one speaker's sound. A decoder first outputs `leadSamples`, in which its state settles, and then
 * the `samples` that start at `startSample`.
 */
export type PageClip = readonly [speaker: number, startSample: number, samples: number, leadSamples: number];

/** Milliseconds of sound for each byte of a waveform. */
export const PEAK_MS = 20;
