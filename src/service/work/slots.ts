const BYTES_PER_MEGABYTE = 1_000_000;
/** Memory for the service, the file cache and uploads. */
const RESERVED_MEGABYTES = 512;
/** Memory of a worker in a large encrypted call. docs/develop/performance.md has the measurements. */
const WORKER_MEGABYTES = 130;

/**
 * How many workers fit into a machine's memory; at least one.
 *
 * @param availableBytes memory that is free now or can be freed
 */
export function slotsFor(availableBytes: number): number {
  return Math.max(1, Math.floor((availableBytes / BYTES_PER_MEGABYTE - RESERVED_MEGABYTES) / WORKER_MEGABYTES));
}

/** Below this a process that only waits takes too much. */
const WARM_FROM_BYTES = 1_000_000_000;

/**
 * How many workers wait for a job unless somebody sets it.
 *
 * @param totalBytes the machine's memory, or what the service may use of it
 */
export function warmWorkersFor(totalBytes: number): number {
  return totalBytes < WARM_FROM_BYTES ? 0 : 1;
}
