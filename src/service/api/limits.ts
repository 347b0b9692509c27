import type { HttpLimits } from "../../http/limits.ts";

/** Customers keep connections open, and those that watch a job keep them for hours. */
export const SERVICE_LIMITS: HttpLimits = {
  maxConnections: 2_000,
  maxWaitingRequests: 16,
  sliceBytes: 16 * 1024,
  maxHeaderBytes: 16 * 1024,
  // A job's metadata has at most 16 KiB, and each of its texts less.
  maxBodyBytes: 64 * 1024,
  headersMs: 10_000,
  requestMs: 30_000,
  deadlineCheckMs: 5_000,
  // Longer than the pause between two heartbeats of an event stream.
  idleMs: 60_000,
  keepAliveMs: 30_000,
};
