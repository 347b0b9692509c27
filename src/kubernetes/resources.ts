import type { V1ResourceRequirements } from "@kubernetes/client-node";

/**
 * The memory of a worker. Resident are 130 MB with a bot in one server and 139 MB in 2,000 (`npm run bench:guilds`);
 * with HTTP and a bucket, as in a pod, never more than 156 MB in a call of five speakers. Large files go up in pieces,
 * which are 16 MiB more.
 */
const MEMORY_REQUEST_MIB = 160;
/**
 * Five messages from Discord's gateway at once, each with as many empty objects as the worker takes (`MAX_MESSAGE_VALUES`):
 * 392 MB. Node gives half of this limit to its heap.
 * Clients that pipeline requests and read no answers make it 239 MB (440 connections in turn, 34 MB of requests).
 * People in voice as dense as in a guild's state take 60 MB at twice that size.
 */
const MEMORY_LIMIT_MIB = 512;

/** Attachments are fetched two at a time, and are in memory as a whole. */
const FILES_AT_ONCE = 2;
const BYTES_PER_MEGABYTE = 1_000_000;
const BYTES_PER_MEBIBYTE = 1_048_576;

/**
 * A packet costs 95 µs (`npm run bench:fidelity`), and a speaker sends 50 a second: two at a time are a hundredth of a
 * core, 25 an eighth. There is no limit, because a worker that is throttled loses packets.
 */
const CPU_REQUEST = "100m";

/** Space on the node's disk, if the spool is there. */
const SPOOL_REQUEST = "1Gi";

/** @param attachmentMegabytes the largest attached file; 0 if none are fetched */
export function workerResources(attachmentMegabytes: number, spoolOnNode: boolean): V1ResourceRequirements {
  const attachments = Math.ceil((FILES_AT_ONCE * attachmentMegabytes * BYTES_PER_MEGABYTE) / BYTES_PER_MEBIBYTE);
  return {
    requests: {
      cpu: CPU_REQUEST,
      memory: `${MEMORY_REQUEST_MIB}Mi`,
      ...(spoolOnNode ? { "ephemeral-storage": SPOOL_REQUEST } : {}),
    },
    limits: { memory: `${MEMORY_LIMIT_MIB + attachments}Mi` },
  };
}
