import { fileURLToPath } from "node:url";

/**
 * The folder that a `file:` address names: a path as it is after `file:`, a URL's path, with its escapes, after
 * `file://`. Undefined for another scheme, and for a URL that names another machine (RFC 8089 §3).
 */
export function fileUriPath(uri: string): string | undefined {
  // One address within another is a mistake, and no folder called "file:".
  if (!uri.startsWith("file://")) return /^file:(?!file:|s3:)(.+)$/.exec(uri)?.[1];
  try {
    return fileURLToPath(uri);
  } catch {
    // Another host, or an escaped slash: no folder here.
    return undefined;
  }
}

/**
 * What somebody means who is asked for a path of this machine: the path, also if it is written as a `file:` address.
 * Undefined for any other address. A folder whose name looks like one can be written as `./file:name`.
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
/** What is wrong with the bucket's name in an `s3:` address; undefined if nothing is, or if it is no such address. */
export function bucketProblem(uri: string): string | undefined {
  const [, bucket] = /^s3:\/\/([^/]*)/.exec(uri) ?? [];
  if (bucket === undefined || s3UriPlace(`s3://${bucket}`) !== undefined) return undefined;
  return `the bucket's name "${bucket}" has to be 3 to 63 lower-case letters, digits, dots and hyphens`;
}

/** A key is at most 1024 bytes of UTF-8, and the job's and the file's name come behind the prefix. */
const MAX_PREFIX_BYTES = 512;

/** What an `s3:` address names: the prefix is taken as it is, without escapes. Undefined if it is none. */
export function s3UriPlace(uri: string): S3Place | undefined {
  const [, bucket, path = ""] = S3_URI.exec(uri) ?? [];
  if (bucket === undefined) return undefined;
  const prefix = path.replace(/\/$/, "");
  const segments = prefix === "" ? [] : prefix.split("/");
  const usable = segments.every((name) => name !== "" && name !== "." && name !== ".." && !/[\p{Cc}?#\\]/u.test(name));
  return usable && Buffer.byteLength(prefix) <= MAX_PREFIX_BYTES ? { bucket, prefix } : undefined;
}
