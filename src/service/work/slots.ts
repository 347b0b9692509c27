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
