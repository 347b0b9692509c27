import type { Logger } from "pino";
import { loadKoffi } from "../../discord/receive/kernel/koffi.ts";
import { messageOf } from "../../errors.ts";

/** V8 optimizes most functions of a call in its first minutes (late-optimizing.ts). */
const FIRST_RETURNS = 90;
const PAUSE_AT_FIRST_MS = 2_000;
const PAUSE_LATER_MS = 60_000;

/** Returns free memory of the C library's heap to the system. */
type Trim = () => void;

/**
 * Returns free memory to the system from time to time.
 *
 * V8's compilers allocate about 8 MB while the code of a call is optimized, and free it. glibc keeps what is not at the
 * end of its heap. `malloc_trim(3)` returns all of it. It takes 0.1 ms, and 1 ms if there is much to return.
 *
 * Call it when a job begins. If the C library has no such function, nothing happens.
 */
export function returnFreeMemory(log: Pick<Logger, "debug">, load: () => Trim = loadTrim): void {
  let trim: Trim | undefined;
  let returns = 0;
  const schedule = (): void => {
    setTimeout(run, returns < FIRST_RETURNS ? PAUSE_AT_FIRST_MS : PAUSE_LATER_MS).unref();
  };
  const run = (): void => {
    try {
      // Not before: loading koffi would delay the start of the recording.
      trim ??= load();
      trim();
      returns += 1;
      schedule();
    } catch (error) {
      log.debug({}, `free memory is not returned to the system: ${messageOf(error)}`);
    }
  };
  schedule();
}

function loadTrim(): Trim {
  const mallocTrim = loadKoffi(true).load(null).func("int malloc_trim(size_t)");
  return () => void mallocTrim(0);
}
