import { setFlagsFromString } from "node:v8";

const V8_DEFAULT_CALLS = 3_000;
const CALLS_AT_FIRST = 30_000;
const AT_FIRST_MS = 60_000;
/** V8's default is 400. */
const CALLS_UNTIL_MAGLEV = 4_000;

/**
 * Delays V8's optimizing compilers. Call it before the code of a job is loaded.
 *
 * With its default, Maglev compiles hundreds of functions that run while a job starts and never again. That uses 5 MB,
 * which malloc never returns. The receive path is called 4,000 times within seconds.
 *
 * Turbofan is delayed during the first minute. Compiling the receive path costs about 100 ms of CPU once and saves 3 µs
 * per packet, so it pays only for functions that are called often. After a minute the default is restored, so compiling
 * and its memory use end within the first minutes.
 */
export function optimizeLate(atFirstMs = AT_FIRST_MS): void {
  setFlagsFromString(`--invocation-count-for-maglev=${CALLS_UNTIL_MAGLEV}`);
  setCallsUntilTurbofan(CALLS_AT_FIRST);
  setTimeout(() => setCallsUntilTurbofan(V8_DEFAULT_CALLS), atFirstMs).unref();
}

function setCallsUntilTurbofan(calls: number): void {
  setFlagsFromString(`--invocation-count-for-turbofan=${calls}`);
}
