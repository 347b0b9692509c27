import { fileURLToPath } from "node:url";

/**
 * The folder of a `file:` address: a plain path after `file:`, or an escaped URL path after `file://`. Undefined for
 * another scheme, and for a URL that names another machine (RFC 8089 §3).
 */
export function fileUriPath(uri: string): string | undefined {
  // A nested address is a mistake, not a folder called "file:".
  if (!uri.startsWith("file://")) return /^file:(?!file:|s3:)(.+)$/.exec(uri)?.[1];
  try {
    return fileURLToPath(uri);
  } catch {
    // Another host or an escaped slash, which is not a local folder.
    return undefined;
  }
}

/**
 * A local path from user input, which may be a `file:` address. Undefined for any other address. A folder with such a
 * name can be written as `./file:name`.
 */
export function localPath(text: string): string | undefined {
  if (text.startsWith("file:")) return fileUriPath(text);
  return text.startsWith("s3:") || /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? undefined : text;
}

/** A place in a bucket. */
export interface S3Place {
  readonly bucket: string;
  /** Without slashes at its ends; empty for the bucket's root. */
  readonly prefix: string;
}

/** Amazon S3's rules for new buckets, which other S3 servers follow: 3 to 63 of these characters. */
const S3_URI = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*))?$/;
/** The problem of the bucket's name in an `s3:` address; undefined if it is valid, or for another address. */
export function bucketProblem(uri: string): string | undefined {
  const [, bucket] = /^s3:\/\/([^/]*)/.exec(uri) ?? [];
  if (bucket === undefined || s3UriPlace(`s3://${bucket}`) !== undefined) return undefined;
  return `the bucket's name "${bucket}" has to be 3 to 63 lower-case letters, digits, dots and hyphens`;
}

/** A key is at most 1024 bytes of UTF-8, and the job's and the file's names follow the prefix. */
const MAX_PREFIX_BYTES = 512;

/** The bucket and prefix of an `s3:` address; the prefix has no escapes. Undefined for another address. */
export function s3UriPlace(uri: string): S3Place | undefined {
  const [, bucket, path = ""] = S3_URI.exec(uri) ?? [];
  if (bucket === undefined) return undefined;
  const prefix = path.replace(/\/$/, "");
  const segments = prefix === "" ? [] : prefix.split("/");
  const usable = segments.every((name) => name !== "" && name !== "." && name !== ".." && !/[\p{Cc}?#\\]/u.test(name));
  return usable && Buffer.byteLength(prefix) <= MAX_PREFIX_BYTES ? { bucket, prefix } : undefined;
}
