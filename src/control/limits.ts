import type { HttpLimits } from "../http/limits.ts";

/** A worker has little memory and few clients. */
export const WORKER_LIMITS: HttpLimits = {
  // A prober, a scraper and an orchestrator have one or two each.
  maxConnections: 16,
  maxWaitingRequests: 4,
  sliceBytes: 2 * 1024,
  // Node's own default, named because the documentation promises it.
  maxHeaderBytes: 16 * 1024,
  // A message of 2,000 characters takes at most 12 KB, each escaped as JSON allows.
  maxBodyBytes: 16 * 1024,
  headersMs: 10_000,
  // Even a slow network sends 16 KB in much less time.
  requestMs: 30_000,
  deadlineCheckMs: 5_000,
  idleMs: 15_000,
  // Orchestrators reuse a connection for seconds, and open a new one later.
  keepAliveMs: 15_000,
};
