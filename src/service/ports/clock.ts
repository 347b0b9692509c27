/** Times in the ports of the service are epoch milliseconds. Durations have their unit in the name. */
export interface Clock {
  now(): number;
}
