import { setFlagsFromString } from "node:v8";

/** V8's own number is 3,000. */
const CALLS_UNTIL_TURBOFAN = 30_000;

/**
 * Has V8 wait for its costliest compiler until a function was called as often as it takes to pay: compiling the receive
 * path costs some 100 ms of CPU, once, and saves 3 µs for each packet. Most calls are over before that. What V8's other
 * compilers do, and Turbofan for long loops, stays as it is.
 */
export function optimizeLate(): void {
  setFlagsFromString(`--invocation-count-for-turbofan=${CALLS_UNTIL_TURBOFAN}`);
}
