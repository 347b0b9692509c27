/** Faults that replace the answers to the recording bot's requests. */

export interface RestFaultScope {
  /** How many of the next requests. Default: 1. */
  readonly times?: number | undefined;
  /** Only requests whose path contains this, such as `/messages`. Default: all. */
  readonly path?: string | undefined;
}

export interface RestRefusal {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, unknown>>;
}

export class RestFaults {
  readonly #planned: { readonly path: string; readonly refusal: RestRefusal; times: number }[] = [];

  /** Discord's answer to too many requests. https://discord.com/developers/docs/topics/rate-limits */
  rateLimit(retryAfterSeconds: number, scope: RestFaultScope): void {
    const headers = {
      "retry-after": String(Math.ceil(retryAfterSeconds)),
      "x-ratelimit-limit": "5",
      "x-ratelimit-remaining": "0",
      "x-ratelimit-reset-after": String(retryAfterSeconds),
      "x-ratelimit-scope": "user",
    };
    const body = { message: "You are being rate limited.", retry_after: retryAfterSeconds, global: false };
    this.#plan({ status: 429, headers, body }, scope);
  }

  fail(status: number, scope: RestFaultScope): void {
    this.#plan({ status, headers: {}, body: { message: `${status}: Failure`, code: 0 } }, scope);
  }

  /** Called for each request. @returns its fault, which is then used up once. */
  met(path: string): RestRefusal | undefined {
    const index = this.#planned.findIndex((planned) => path.includes(planned.path));
    const planned = this.#planned[index];
    if (planned === undefined) return undefined;
    planned.times -= 1;
    if (planned.times <= 0) this.#planned.splice(index, 1);
    return planned.refusal;
  }

  #plan(refusal: RestRefusal, { times = 1, path = "" }: RestFaultScope): void {
    this.#planned.push({ refusal, times, path });
  }
}
