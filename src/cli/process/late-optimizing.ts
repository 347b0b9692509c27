import { setFlagsFromString } from "node:v8";

const V8_DEFAULT_CALLS = 3_000;
const CALLS_AT_FIRST = 30_000;
const AT_FIRST_MS = 60_000;

/**
 * Delays V8's most expensive compiler during the first minute. Compiling the receive path costs some 100 ms of CPU, once,
 * and saves 3 µs for each packet, so a function must be called often before it pays. V8's other compilers, and Turbofan
 * for long loops, are not changed. After a minute V8 has its default again, so that compiling, and the memory it takes,
 * ends within the first minutes.
 */
export function optimizeLate(atFirstMs = AT_FIRST_MS): void {
  setCallsUntilTurbofan(CALLS_AT_FIRST);
  setTimeout(() => setCallsUntilTurbofan(V8_DEFAULT_CALLS), atFirstMs).unref();
}

function setCallsUntilTurbofan(calls: number): void {
  setFlagsFromString(`--invocation-count-for-turbofan=${calls}`);
}
