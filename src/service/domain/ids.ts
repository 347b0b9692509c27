import { ulid } from "ulid";

/** Ids that sort by time. @param at epoch milliseconds */
export function newJobId(at: number): string {
  return `job_${ulid(at)}`;
}

export function newKeyId(at: number): string {
  return `key_${ulid(at)}`;
}

export function newConsumerId(at: number): string {
  return `con_${ulid(at)}`;
}
