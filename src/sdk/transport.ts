import { beginningOf, textOf } from "./body.ts";
import {
  MeetbotConnectionError,
  MeetbotError,
  type MeetbotHttpError,
  MeetbotResponseError,
  MeetbotTimeoutError,
} from "./errors.ts";
import { type CallOptions, type Settings, settingsOf } from "./options.ts";
import { refusalOf } from "./refusal.ts";
import { isRetried, pauseMs, retryAfterMs } from "./retry.ts";
import { anyOf, pause, watchdog } from "./time.ts";

/** The most bytes of an answer that are read, far above those of any answer of the service. */
const MAX_BYTES = { json: 256 * 1024 * 1024, text: 500_000_000, refusal: 1024 * 1024 };

/** One request, as often as it has to be sent. */
export interface Request {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  /** From the service's address on, with its query; or the whole address of a file elsewhere, which gets no key. */
  readonly path: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Fields that an answer must have, and of which kind. */
export type Fields = Readonly<Record<string, "string" | "list" | "object">>;

/** A query's text with its `?`; empty without any value. */
export function queryOf(values: Readonly<Record<string, string | number | boolean | Date | undefined>>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined) query.set(name, value instanceof Date ? value.toISOString() : String(value));
  }
  return query.size === 0 ? "" : `?${query}`;
}

/** Sends requests: attempts, deadlines, retries. It is the only part that has the API key. */
export class Transport {
  readonly #key: string;
  readonly #fetch: typeof fetch;
  readonly settings: Settings;

  constructor(key: string, settings: Settings, fetcher: typeof fetch) {
    this.#key = key;
    this.#fetch = fetcher;
    this.settings = settings;
  }

  /** The answer's JSON. @throws MeetbotError, or the signal's reason */
  async json<Answer>(request: Request, fields: Fields, call: CallOptions = {}): Promise<Answer> {
    return await this.#send(request, call, async (response) => {
      expectType(response, "application/json");
      const text = await textOf(response, MAX_BYTES.json);
      return () => parsed<Answer>(response.status, text, fields);
    });
  }

  /** The answer's text. @throws MeetbotError, or the signal's reason */
  async text(request: Request, type: string, call: CallOptions = {}): Promise<string> {
    return await this.#send(request, call, async (response) => {
      expectType(response, type);
      const text = await textOf(response, MAX_BYTES.text);
      return () => text;
    });
  }

  /** The answer with its body still to be read; deadlines are for the headers only. @throws as `json` */
  async open(request: Request, type: string | undefined, call: CallOptions = {}): Promise<Response> {
    return await this.#send(request, call, async (response) => {
      if (type !== undefined) expectType(response, type);
      return () => response;
    });
  }

  /** @param read takes what it needs of the connection; what it returns makes the result of it */
  async #send<Result>(
    request: Request,
    call: CallOptions,
    read: (response: Response) => Promise<() => Result>,
  ): Promise<Result> {
    const settings = settingsOf(this.settings, call);
    const { totalTimeoutMs, maxRetries, firstPauseMs, maxRetryAfterMs } = settings;
    // Not the time of day, which somebody may set meanwhile.
    const until = performance.now() + totalTimeoutMs;
    const total = watchdog(totalTimeoutMs, () => new MeetbotTimeoutError(`no answer within ${totalTimeoutMs} ms`));
    const sent = this.#requestOf(request, call);
    try {
      for (let retry = 0; ; retry += 1) {
        const outcome = await this.#attempt(sent, settings.timeoutMs, anyOf(call.signal, total.signal), read);
        if (!("failure" in outcome)) return outcome.result();
        const { failure, askedMs } = outcome;
        call.signal?.throwIfAborted();
        // In time order: what happened last says more than that the time is over.
        if (total.signal.aborted || retry >= maxRetries || (askedMs ?? 0) > maxRetryAfterMs) throw failure;
        const waitMs = pauseMs(firstPauseMs, retry, Math.random(), askedMs);
        if (performance.now() + waitMs >= until) throw failure;
        await pause(waitMs, anyOf(call.signal, total.signal));
      }
    } finally {
      total.stop();
    }
  }

  async #attempt<Result>(
    { url, init }: Sent,
    timeoutMs: number,
    outer: AbortSignal,
    read: (response: Response) => Promise<() => Result>,
  ): Promise<Outcome<Result>> {
    outer.throwIfAborted();
    const own = watchdog(timeoutMs, () => new MeetbotTimeoutError(`no answer within ${timeoutMs} ms`));
    try {
      const response = await this.#fetch.call(undefined, url, { ...init, signal: anyOf(outer, own.signal) });
      refuseRedirect(response);
      if (response.ok) return { result: await read(response) };
      const askedMs = askedBy(response.headers);
      const { text } = await beginningOf(response, MAX_BYTES.refusal);
      const failure = refusalOf(response.status, this.#withoutKey(text), askedMs);
      if (!isRetried(response.status)) throw failure;
      return { failure, askedMs };
    } catch (error) {
      if (outer.aborted) throw outer.reason;
      if (own.signal.aborted) return { failure: own.signal.reason, askedMs: undefined };
      if (error instanceof MeetbotError) throw error;
      return { failure: connectionError(url, error), askedMs: undefined };
    } finally {
      own.stop();
    }
  }

  #requestOf({ method, path, body, headers = {} }: Request, { idempotencyKey }: CallOptions): Sent {
    const isOurs = path.startsWith("/");
    return {
      url: isOurs ? `${this.settings.baseUrl}${path}` : path,
      init: {
        method,
        // A redirect would take the key, or a POST, to another place.
        redirect: "manual",
        headers: {
          ...headers,
          ...(isOurs ? { authorization: `Bearer ${this.#key}` } : {}),
          ...(method === "POST" ? { "idempotency-key": idempotencyKey ?? randomKey() } : {}),
          ...(body === undefined ? {} : { "content-type": "application/json" }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      },
    };
  }

  /** Something in front of the service may repeat the request's headers in its page. */
  #withoutKey(text: string): string {
    return text.replaceAll(this.#key, "[API key]");
  }
}

interface Sent {
  readonly url: string;
  readonly init: RequestInit;
}

type Outcome<Result> =
  | { readonly result: () => Result }
  | { readonly failure: MeetbotHttpError | MeetbotConnectionError; readonly askedMs: number | undefined };

/** How long the answer asks to wait. A date counts from the service's own time, because the clock here may be wrong. */
function askedBy(headers: Headers): number | undefined {
  const date = Date.parse(headers.get("date") ?? "");
  return retryAfterMs(headers.get("retry-after"), Number.isNaN(date) ? Date.now() : date);
}

function refuseRedirect({ type, status, headers }: Response): void {
  if (type !== "opaqueredirect" && (status < 300 || status > 399)) return;
  const to = headers.get("location") ?? "";
  // Only the host: an address may hold secrets.
  const where = URL.canParse(to) ? ` to ${new URL(to).host}` : "";
  throw new MeetbotResponseError(
    status,
    `the service answered with a redirect${where}, which is not followed; set baseUrl to the address that answers itself`,
  );
}

function expectType(response: Response, type: string): void {
  const given = response.headers.get("content-type") ?? "";
  if (given.split(";")[0]?.trim().toLowerCase() === type) return;
  throw new MeetbotResponseError(
    response.status,
    `expected ${type} in the answer, but it is ${given === "" ? "of no type" : given.slice(0, 100)}; is baseUrl the address of the service?`,
  );
}

function parsed<Answer>(status: number, text: string, fields: Fields): Answer {
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch {
    throw new MeetbotResponseError(status, "the answer is not valid JSON; is baseUrl the address of the service?");
  }
  const missing = Object.entries(fields).find(([name, kind]) => kindOf(fieldOf(answer, name)) !== kind);
  if (missing === undefined) return answer as Answer;
  throw new MeetbotResponseError(
    status,
    `the answer's JSON is not the service's: it has no ${missing[0]}; is baseUrl the address of the service?`,
  );
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? Reflect.get(value, name)
    : undefined;
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "list" : typeof value;
}

function connectionError(url: string, error: unknown): MeetbotConnectionError {
  const reasons = [error, error instanceof Error ? error.cause : undefined].flatMap((each) =>
    each instanceof Error && each.message !== "" ? [each.message] : [],
  );
  const { host } = new URL(url);
  return new MeetbotConnectionError(`${host} could not be reached: ${reasons.join(": ") || "no reason given"}`, {
    cause: error,
  });
}

function randomKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
