const BYTES_PER_MEGABYTE = 1_000_000;
/** For the service, the file cache and the recordings' uploads. */
const RESERVED_MEGABYTES = 512;
/** A worker of a large call with encryption: docs/develop/performance.md has the measurements. */
const WORKER_MEGABYTES = 130;

/**
 * How many workers a machine has room for; at least one.
 *
 * @param availableBytes memory that is free now or can be freed
 */
export function slotsFor(availableBytes: number): number {
  return Math.max(1, Math.floor((availableBytes / BYTES_PER_MEGABYTE - RESERVED_MEGABYTES) / WORKER_MEGABYTES));
}
