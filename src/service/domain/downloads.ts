/** What can be made of a recording for people, besides its own files. */
export const DOWNLOAD_KINDS = ["report", "mix", "speakers", "audacity", "captions"] as const;

export type DownloadKind = (typeof DOWNLOAD_KINDS)[number];

export interface DownloadFile {
  /** Without a folder. */
  readonly name: string;
  readonly bytes: number;
}

export type DownloadState =
  | { readonly state: "none" }
  | { readonly state: "waiting" }
  /** `progress` is from 0 to 1. */
  | { readonly state: "making"; readonly progress: number }
  | { readonly state: "ready"; readonly files: readonly DownloadFile[] }
  /** `reason` is a sentence for people. */
  | { readonly state: "failed"; readonly reason: string };
