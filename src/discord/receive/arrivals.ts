/**
 * Unprocessed datagrams with their arrival times. Processing them in batches, ten times a second, costs a third less
 * than one by one, because with few packets a second other code evicts the CPU caches in between. The meaning of a
 * datagram depends on its arrival time, so that is recorded at once.
 */
export class Arrivals {
  #datagrams: Buffer[] = [];
  #arrivalMs: number[] = [];

  /** @param arrivalMs on the monotonic clock */
  add(datagram: Buffer, arrivalMs: number): void {
    this.#datagrams.push(datagram);
    this.#arrivalMs.push(arrivalMs);
  }

  /** Hands them out in order of arrival. */
  take(each: (datagram: Buffer, arrivalMs: number) => void): void {
    const datagrams = this.#datagrams;
    const arrivalMs = this.#arrivalMs;
    this.#datagrams = [];
    this.#arrivalMs = [];
    let index = 0;
    for (const datagram of datagrams) {
      each(datagram, arrivalMs[index] ?? 0);
      index += 1;
    }
  }
}
