/** Clients use a key again within their retries, that is minutes; so many stay known. */
const MAX_KEYS = 1_000;

/** Does what a client may ask for twice once: the second request with the same `Idempotency-Key` gets the first's answer. */
export class OnceByKey<Result> {
  readonly #results = new Map<string, Promise<Result>>();

  /** What failed is not remembered: it may be tried again. Without a key, it is done each time. */
  run(key: string | undefined, action: () => Promise<Result>): Promise<Result> {
    if (key === undefined) return action();
    const known = this.#results.get(key);
    if (known !== undefined) return known;
    const result = action();
    this.#results.set(key, result);
    result.catch(() => this.#results.delete(key));
    const [oldest] = this.#results.keys();
    if (this.#results.size > MAX_KEYS && oldest !== undefined) this.#results.delete(oldest);
    return result;
  }
}
