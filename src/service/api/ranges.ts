import { ServiceError } from "./service-error.ts";

export interface ByteRange {
  /** First and last byte, both included. */
  readonly first: number;
  readonly last: number;
}

/**
 * Parses a range of bytes (RFC 9110 §14.1.2). Any header but a single range of bytes is ignored, as §14.2 allows.
 *
 * @param bytes size of the file
 * @throws ServiceError if the file has no such bytes
 */
export function rangeOf(header: string | undefined, bytes: number): ByteRange | undefined {
  const [, from = "", to = ""] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header?.trim() ?? "") ?? [];
  if (from === "" && to === "") return undefined;
  const first = from === "" ? Math.max(0, bytes - Number(to)) : Number(from);
  const last = from === "" || to === "" ? bytes - 1 : Math.min(Number(to), bytes - 1);
  if (from !== "" && to !== "" && Number(to) < Number(from)) return undefined;
  if (first >= bytes || (from === "" && Number(to) === 0)) {
    const headers = { "content-range": `bytes */${bytes}` };
    throw new ServiceError("range_not_satisfiable", `the file has ${bytes} bytes`, { headers });
  }
  return { first, last };
}

/** Whether a client has these bytes already (RFC 9110 §13.1.2). */
export function isUnchanged(ifNoneMatch: string | undefined, etag: string): boolean {
  const tags = ifNoneMatch?.split(",").map((tag) => tag.trim().replace(/^W\//, "")) ?? [];
  return tags.includes("*") || tags.includes(`"${etag}"`);
}

/** Whether the range applies: only if the file is still the one that the client knows (RFC 9110 §13.1.5). */
export function isCurrent(ifRange: string | undefined, etag: string): boolean {
  return ifRange === undefined || ifRange.trim() === `"${etag}"`;
}
