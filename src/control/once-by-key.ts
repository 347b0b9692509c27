/** How many keys are remembered. Clients reuse a key only for retries, which takes minutes. */
const MAX_KEYS = 1_000;

/** Runs an action once per `Idempotency-Key`: a second request with the same key gets the first one's answer. */
export class OnceByKey<Result> {
  readonly #results = new Map<string, Promise<Result>>();

  /** A failure is not remembered, so it can be retried. Without a key, the action runs each time. */
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
