import type { HttpLimits } from "../../http/limits.ts";

/** Limits for more connections than a worker has: customers who watch jobs keep theirs open for hours. */
export const SERVICE_LIMITS: HttpLimits = {
  maxConnections: 2_000,
  maxWaitingRequests: 16,
  sliceBytes: 16 * 1024,
  maxHeaderBytes: 16 * 1024,
  // Room for 16 KiB of metadata, and for the other texts.
  maxBodyBytes: 64 * 1024,
  headersMs: 10_000,
  requestMs: 30_000,
  deadlineCheckMs: 5_000,
  // Longer than the pause between two heartbeats of an event stream.
  idleMs: 60_000,
  keepAliveMs: 30_000,
};
