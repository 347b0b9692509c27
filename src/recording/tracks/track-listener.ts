import type { DropFate } from "../../audio/fates.ts";
import type { ReorderVerdict } from "../../audio/reorder.ts";
import type { Anchor } from "../../audio/timeline.ts";
import type { PartPackets } from "../../session/shapes.ts";
import type { SpooledFile } from "../ports/spool.ts";
import type { Talkspurt } from "./talkspurts.ts";

/** A part that is complete on disk. */
export interface FinishedPart {
  readonly userId: string;
  readonly number: number;
  readonly startSamples: number;
  readonly durationSamples: number;
  readonly packets: Readonly<PartPackets>;
  /** Samples of sound in it. */
  readonly talkSamples: number;
  /** The talkspurt at its end, if it may continue in the next part. */
  readonly openTalkspurt: Talkspurt | undefined;
  readonly file: SpooledFile;
}

/** A part that could not be written completely. */
export interface FailedPart {
  readonly userId: string;
  readonly name: string;
  /** Packets that it received. */
  readonly received: number;
  readonly error: unknown;
}

/** `accepted`: the frame is or will be written, unless the listener's `refused` is called for it later. */
export type TrackVerdict = ReorderVerdict | "excess";
/** Why an accepted frame is not written: its place is filled, cannot be, or needs no filling, or the disk refuses files. */
export type RefusedFate = Extract<DropFate, "late" | "excess" | "silence" | "disk_refused">;

/** Receives the events of a track. Session times are in samples. */
export interface TrackListener {
  partOpened(part: { readonly userId: string; readonly name: string; readonly startSamples: number }): void;
  partClosed(part: FinishedPart): void;
  /** A part could not be written completely; its written data is in the spool. */
  partFailed(part: FailedPart): void;
  /** A part could not be created; its packets are refused one by one. */
  partNotBegun(userId: string, error: unknown): void;
  /** An accepted frame is not written after all. */
  refused(userId: string, fate: RefusedFate): void;
  anchored(userId: string, ssrc: number, anchor: Anchor): void;
  talkspurt(userId: string, startSamples: number, endSamples: number): void;
  /** A page was written; reports how long its oldest packet had waited. */
  paged(waitedMs: number): void;
}
