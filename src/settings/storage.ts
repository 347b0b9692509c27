import { resolve } from "node:path";
import * as z from "zod";
import type { SettingValues } from "./settings.ts";
import { fileUriPath, s3UriPlace } from "./storage-uri.ts";

/** Where a job's files go. The job's journal holds it for a recovery, so it has no credentials. */
export const storageConfig = z.discriminatedUnion("kind", [
  /** The folder of the jobs' folders. */
  z.object({ kind: z.literal("file"), directory: z.string() }),
  /** A place in a bucket of an S3-compatible store; missing values are left to the AWS SDK. */
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

/** The credentials for an S3-compatible store. */
export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export function storageOf(values: SettingValues): StorageConfig {
  const uri = values.MEETBOT_STORAGE_URI;
  const place = s3UriPlace(uri);
  if (place === undefined) return { kind: "file", directory: resolve(fileUriPath(uri) ?? "") };
  const endpoint = values.MEETBOT_S3_ENDPOINT;
  const region = values.MEETBOT_S3_REGION;
  return {
    kind: "s3",
    ...place,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(region === undefined ? {} : { region }),
    forcePathStyle: values.MEETBOT_S3_FORCE_PATH_STYLE,
    checksums: values.MEETBOT_S3_CHECKSUMS,
  };
}

export function credentialsOf(
  values: Pick<SettingValues, "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" | "AWS_SESSION_TOKEN">,
): S3Credentials | undefined {
  const accessKeyId = values.AWS_ACCESS_KEY_ID;
  const secretAccessKey = values.AWS_SECRET_ACCESS_KEY;
  const sessionToken = values.AWS_SESSION_TOKEN;
  if (accessKeyId === undefined || secretAccessKey === undefined) return undefined;
  return { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
}
