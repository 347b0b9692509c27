import * as z from "zod";
import { DOWNLOAD_KINDS } from "../domain/downloads.ts";

/** What the process that makes a download gets from the service, as one line of JSON on its standard input. */
export const downloadTask = z.object({
  kind: z.enum(DOWNLOAD_KINDS),
  /** The recording's folder, or its `s3:` address. */
  source: z.string(),
  /** The folder to make. */
  target: z.string(),
  /** Settings of the storage, some of them secret. */
  environment: z.record(z.string(), z.string()),
});

export type DownloadTaskLine = z.infer<typeof downloadTask>;

/** What the process answers, each as one line of JSON on its standard output. */
export const downloadNews = z.union([
  z.object({ progress: z.number() }),
  /** A sentence for people; the process ends after it. */
  z.object({ refused: z.string() }),
]);

export type DownloadNews = z.infer<typeof downloadNews>;
