/** The ports of the service give times in epoch milliseconds. Durations have their unit in the name. */
export interface Clock {
  now(): number;
}
