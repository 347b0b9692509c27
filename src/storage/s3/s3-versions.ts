import { ListObjectsV2Command, ListObjectVersionsCommand, type S3Client } from "@aws-sdk/client-s3";
import { statusOf } from "./s3-errors.ts";

/** One version of an object, or the marker that hides the versions below it. */
export interface ObjectVersion {
  readonly Key: string;
  /** Undefined if the storage keeps no versions of it. */
  readonly VersionId: string | undefined;
  readonly isMarker: boolean;
}

/** How S3 names the version of an object that was written without versions (Amazon S3 User Guide, "Versioning"). */
const NO_VERSION = "null";
/** RFC 9110 §15.5.6 and §15.6.2: S3 servers without versions answer a request for them with one of these. */
const UNSUPPORTED = [405, 501];

type Place = { readonly Bucket: string; readonly Prefix: string };
type Options = { readonly abortSignal: AbortSignal };

/**
 * Every version of every object under a prefix. Without versions this is each object once.
 *
 * A version named `null` is deleted without its name as long as there is no marker: that needs no right to delete
 * versions, and in a bucket with versions it leaves a marker, so that the next look finds both.
 *
 * @param options called for each request
 */
export async function listVersions(
  client: S3Client,
  place: Place,
  maxObjects: number,
  options: () => Options,
): Promise<ObjectVersion[]> {
  const found: ObjectVersion[] = [];
  let next: { readonly KeyMarker?: string | undefined; readonly VersionIdMarker?: string | undefined } | undefined = {};
  while (next !== undefined) {
    const page = await pageOf(client, { ...place, ...next }, options);
    if (page === undefined) return await listObjects(client, place, maxObjects, options);
    const { Versions = [], DeleteMarkers = [], IsTruncated = false, NextKeyMarker, NextVersionIdMarker } = page;
    found.push(...Versions.map(versionOf(false)), ...DeleteMarkers.map(versionOf(true)));
    expectBounded(found, maxObjects);
    next = IsTruncated ? { KeyMarker: NextKeyMarker, VersionIdMarker: NextVersionIdMarker } : undefined;
  }
  const hidden = new Set(found.filter(({ isMarker }) => isMarker).map(({ Key }) => Key));
  return found.map((version) =>
    version.VersionId === NO_VERSION && !hidden.has(version.Key) ? { ...version, VersionId: undefined } : version,
  );
}

/** @returns undefined if the storage knows no versions */
async function pageOf(
  client: S3Client,
  input: Place & { readonly KeyMarker?: string | undefined },
  options: () => Options,
) {
  try {
    return await client.send(new ListObjectVersionsCommand(input), options());
  } catch (error) {
    if (UNSUPPORTED.includes(statusOf(error) ?? 0)) return undefined;
    throw error;
  }
}

async function listObjects(
  client: S3Client,
  place: Place,
  maxObjects: number,
  options: () => Options,
): Promise<ObjectVersion[]> {
  const found: ObjectVersion[] = [];
  let token: string | undefined;
  do {
    const command = new ListObjectsV2Command({ ...place, ContinuationToken: token });
    const { Contents = [], NextContinuationToken } = await client.send(command, options());
    found.push(...Contents.map(({ Key = "" }) => ({ Key, VersionId: undefined, isMarker: false })));
    expectBounded(found, maxObjects);
    token = NextContinuationToken;
  } while (token !== undefined);
  return found;
}

function versionOf(isMarker: boolean) {
  return ({ Key = "", VersionId }: { readonly Key?: string | undefined; readonly VersionId?: string | undefined }) => ({
    ...{ Key, VersionId, isMarker },
  });
}

function expectBounded(found: readonly ObjectVersion[], maxObjects: number): void {
  if (found.length > maxObjects) throw new Error(`the storage lists more than ${maxObjects} objects`);
}
