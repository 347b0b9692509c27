import { z } from "zod";

/** Where a job's files go. The job's journal holds it for a recovery, so it has no credentials. */
export const storageConfig = z.discriminatedUnion("kind", [
  /** Folder that holds the jobs' folders. */
  z.object({ kind: z.literal("file"), directory: z.string() }),
  /** A place in a bucket of an S3-compatible store; what is left out is left to the AWS SDK. */
  z.object({
    kind: z.literal("s3"),
    bucket: z.string(),
    /** Without slashes at its ends; empty for the bucket's root. */
    prefix: z.string(),
    endpoint: z.string().exactOptional(),
    region: z.string().exactOptional(),
    forcePathStyle: z.boolean(),
    checksums: z.enum(["sha256", "none"]),
  }),
]);

export type StorageConfig = z.infer<typeof storageConfig>;

/** What proves to an S3-compatible store who asks. */
export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}
