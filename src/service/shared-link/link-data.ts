import type { DownloadKind, DownloadState } from "../domain/downloads.ts";

/** What the page of a link gets from its own routes. */

export interface LinkData {
  /** Null while the call is recorded, or if nothing was. */
  readonly recording: LinkRecording | null;
  /** Why there is no recording, as a sentence; null if there is one. */
  readonly whyNone: string | null;
  /** ISO 8601. */
  readonly expiresAt: string;
  readonly mayDelete: boolean;
}

export interface LinkRecording {
  readonly channel: string;
  readonly guild: string;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly durationSeconds: number;
  /** Names of those who were heard. */
  readonly speakers: readonly string[];
  /** Sentences for people. */
  readonly warnings: readonly string[];
}

export type LinkDownloads = Readonly<Record<DownloadKind, DownloadState>>;
