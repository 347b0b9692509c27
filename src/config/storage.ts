import { z } from "zod";

/** Where a job's files go. It stands in the job's journal, so that a recovery finds it: no credentials are in it. */
export const storageConfig = z.discriminatedUnion("kind", [
  /** Folder that holds the jobs' folders. */
  z.object({ kind: z.literal("file"), directory: z.string() }),
]);

export type StorageConfig = z.infer<typeof storageConfig>;
