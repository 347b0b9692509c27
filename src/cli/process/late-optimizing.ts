import { setFlagsFromString } from "node:v8";

const V8_DEFAULT_CALLS = 3_000;
const CALLS_AT_FIRST = 30_000;
const AT_FIRST_MS = 60_000;

/**
 * Has V8 wait for its costliest compiler, at first, until a function was called as often as it takes to pay: compiling the
 * receive path costs some 100 ms of CPU, once, and saves 3 µs for each packet. What V8's other compilers do, and
 * Turbofan for long loops, stays as it is. From a minute on V8 has its own number again, so that all compiling, and what
 * memory it takes, comes to its end within the first minutes.
 */
export function optimizeLate(atFirstMs = AT_FIRST_MS): void {
  setCallsUntilTurbofan(CALLS_AT_FIRST);
  setTimeout(() => setCallsUntilTurbofan(V8_DEFAULT_CALLS), atFirstMs).unref();
}

function setCallsUntilTurbofan(calls: number): void {
  setFlagsFromString(`--invocation-count-for-turbofan=${calls}`);
}
