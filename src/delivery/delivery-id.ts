import { createHash } from "node:crypto";
import { crockford32 } from "../text/base32.ts";

const CHARACTERS = 26;

/**
 * The id of an event, by which receivers recognise a duplicate. It is derived from the job and the event's key, so it
 * is the same after a crash.
 *
 * @param key unique among the job's events
 * @returns `dlv_` and 26 characters
 */
export function deliveryIdOf(jobId: string, key: string): string {
  const hash = createHash("sha256").update(jobId).update("\0").update(key).digest();
  return `dlv_${crockford32(hash, CHARACTERS)}`;
}
