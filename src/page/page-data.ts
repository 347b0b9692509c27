/**
 * What a report's page knows: the JSON that the generator puts into it and the browser's code reads. Types, so
 * that both sides can import them (and one number). Times ending in `Ms` are on the session clock; samples count 48 kHz of it.
 */

export interface PageData {
  readonly channel: string;
  readonly guild: string;
  readonly jobId: string;
  /** ISO 8601; session time 0. */
  readonly startedAt: string;
  readonly durationMs: number;
  /** Heading and text, in the order in which they are shown. */
  readonly facts: readonly (readonly [name: string, text: string])[];
  /** Sentences for people. */
  readonly warnings: readonly string[];
  readonly speakers: readonly PageSpeaker[];
  /** Who was there and said nothing. */
  readonly listeners: readonly PagePerson[];
  readonly gaps: readonly PageGap[];
  /** Undefined where chat was not captured. */
  readonly messages: readonly PageMessage[] | undefined;
  /**
   * The audio in pieces, by their start. Piece n is the line `n % piecesPerBlock` of the script element
   * `audio-<floor(n / piecesPerBlock)>`, an Ogg Opus stream in Base64. Empty where the page holds no audio.
   */
  readonly pieces: readonly PagePiece[];
  readonly piecesPerBlock: number;
  /** Why the page holds no audio; undefined where it does. */
  readonly audioLeftOut: string | undefined;
}

export interface PagePerson {
  readonly name: string;
  readonly username: string;
  readonly bot: boolean;
  readonly present: readonly Span[];
  /** When they were there and not recorded for want of their consent. */
  readonly withheld: readonly Span[];
}

export interface PageSpeaker extends PagePerson {
  /** A, B, C … by first words. */
  readonly label: string;
  readonly talkTimeMs: number;
  readonly talkspurts: readonly Span[];
  readonly waveform: readonly PageWave[];
  readonly packets: number;
  readonly lost: number;
  readonly files: number;
  readonly bytes: number;
}

export type Span = readonly [fromMs: number, toMs: number];

/** The loudness of a stretch of sound. */
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
  readonly author: string;
  readonly bot: boolean;
  readonly text: string;
  /** What is attached, in words. */
  readonly extras: readonly string[];
  /** Author and first words of the message that this one answers. */
  readonly replyTo: string | undefined;
  readonly thread: string | undefined;
  readonly edited: boolean;
  /** When it was taken back; the text is what it was. */
  readonly deletedAtMs: number | undefined;
  readonly reactions: readonly (readonly [emoji: string, count: number])[];
}

/**
 * A stretch of one speaker's sound. What a decoder gives out is `leadSamples`, in which it finds its feet, and then
 * the `samples` that begin at `startSample`.
 */
export type PagePiece = readonly [speaker: number, startSample: number, samples: number, leadSamples: number];

/** What one byte of a waveform stands for. */
export const PEAK_MS = 20;
