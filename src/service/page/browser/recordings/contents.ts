import type { RecordingSummary } from "../../page-data.ts";

/** What the page reads in a recording's manifest. Pure; older manifests lack some of it. */

export interface RecordingFile {
  readonly name: string;
  readonly bytes: number;
  readonly mimeType: string;
  readonly url: string;
  /** Null if the address is the service's own. */
  readonly urlExpiresAt: string | null;
}

export interface Recording extends RecordingSummary {
  readonly manifest: Readonly<Record<string, unknown>>;
  readonly files: readonly RecordingFile[];
  readonly nextCursor: string | null;
}

export interface Contents {
  readonly people: readonly string[];
  /** The size of sound and attachments. */
  readonly bytes: number;
  readonly channel: string | undefined;
}

export function contentsOf({ manifest }: Pick<Recording, "manifest">): Contents {
  const people = recordsIn(manifest["participants"]).flatMap(({ displayName, bot }) =>
    typeof displayName === "string" && bot !== true ? [displayName] : [],
  );
  const stored = [...recordsIn(manifest["tracks"]), ...recordsIn(manifest["attachments"])];
  const [channel] = recordsIn([manifest["channel"]]);
  return {
    people,
    bytes: stored.reduce((sum, { bytes }) => sum + (typeof bytes === "number" ? bytes : 0), 0),
    channel: typeof channel?.["name"] === "string" ? channel["name"] : undefined,
  };
}

function recordsIn(list: unknown): readonly Readonly<Record<string, unknown>>[] {
  return Array.isArray(list) ? list.filter((item) => typeof item === "object" && item !== null) : [];
}

/** The service's own files by the address that the page itself has: the service may be known by several. */
export function addressOf(id: string, { name, url, urlExpiresAt }: RecordingFile): string {
  return urlExpiresAt === null ? `api/v1/recordings/${id}/files/${encodeURIComponent(name)}` : url;
}

/** The storage without the file: `s3://calls/2026` or `file:/data/recordings`. */
export function storageOf({ id, manifestUri }: Pick<RecordingSummary, "id" | "manifestUri">): string {
  const at = manifestUri.lastIndexOf(`/${id}/`);
  return at < 0 ? manifestUri : manifestUri.slice(0, at);
}
