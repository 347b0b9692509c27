import type { DropFate } from "../../audio/fates.ts";
import type { ReorderVerdict } from "../../audio/reorder.ts";
import type { Anchor } from "../../audio/timeline.ts";
import type { PartPackets } from "../../session/shapes.ts";
import type { SpooledFile } from "../ports/spool.ts";
import type { Talkspurt } from "./talkspurts.ts";

/** A part that is complete on the local disk. */
export interface FinishedPart {
  readonly userId: string;
  readonly number: number;
  readonly startSamples: number;
  readonly durationSamples: number;
  readonly packets: Readonly<PartPackets>;
  /** How much of it is sound. */
  readonly talkSamples: number;
  /** The talkspurt at its end, if that may go on in the next part. */
  readonly openTalkspurt: Talkspurt | undefined;
  readonly file: SpooledFile;
}

/** A part that the disk did not take whole. */
export interface FailedPart {
  readonly userId: string;
  readonly name: string;
  /** Packets that it was given. */
  readonly received: number;
  readonly error: unknown;
}

/** `accepted`: the frame is or will be written, unless the listener's `refused` is called for it later. */
export type TrackVerdict = ReorderVerdict | "excess";
/** Why an accepted frame is not written: its place is filled, cannot be, or needs no filling, or the disk refuses files. */
export type RefusedFate = Extract<DropFate, "late" | "excess" | "silence" | "disk_refused">;

/** Receives what a track notices. Session times are in samples. */
export interface TrackListener {
  partOpened(part: { readonly userId: string; readonly name: string; readonly startSamples: number }): void;
  partClosed(part: FinishedPart): void;
  /** A part could not be written to its end; what the disk took of it is in the spool. */
  partFailed(part: FailedPart): void;
  /** A part could not be begun; its packets are refused one by one. */
  partNotBegun(userId: string, error: unknown): void;
  /** A frame that had been accepted is not written after all. */
  refused(userId: string, fate: RefusedFate): void;
  anchored(userId: string, ssrc: number, anchor: Anchor): void;
  talkspurt(userId: string, startSamples: number, endSamples: number): void;
  /** A page was handed to the disk; its oldest packet had waited so long for it. */
  paged(waitedMs: number): void;
}
