import { MeetbotInputError } from "./errors.ts";

/** Options of a client. */
export interface MeetBotOptions {
  /** `mb_live_…` or `mb_test_…`. Default: the environment variable MEETBOT_API_KEY. */
  readonly apiKey?: string | undefined;
  /** The service's address. Default: MEETBOT_API_BASE_URL, or else https://api.meetbot.dev. */
  readonly baseUrl?: string | undefined;
  /** For one attempt, in milliseconds. Default 30,000. */
  readonly timeoutMs?: number | undefined;
  /** For a request with all its retries, in milliseconds. Default 120,000. */
  readonly totalTimeoutMs?: number | undefined;
  /** Retries after 429, 500, 502, 503, 504 and lost connections. Default 3; 0 for none. */
  readonly maxRetries?: number | undefined;
  /** The pause before the first retry, in milliseconds; it doubles each time, up to 8 s. Half of it is random. Default 500. */
  readonly firstPauseMs?: number | undefined;
  /** The longest `Retry-After` to wait for, in milliseconds. If the service asks for more, the request fails at once. Default 20,000. */
  readonly maxRetryAfterMs?: number | undefined;
  /** Used instead of the global `fetch`. */
  readonly fetch?: typeof fetch | undefined;
}

/** Options of one request. */
export interface CallOptions {
  /** Ends the request, which then throws the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
  readonly totalTimeoutMs?: number | undefined;
  readonly maxRetries?: number | undefined;
  /** The key of a POST. Default: a random one. All attempts of one request have the same key. */
  readonly idempotencyKey?: string | undefined;
}

/** Checked options, with defaults. */
export interface Settings {
  /** Without a slash at the end. */
  readonly baseUrl: string;
  readonly timeoutMs: number;
  readonly totalTimeoutMs: number;
  readonly maxRetries: number;
  readonly firstPauseMs: number;
  readonly maxRetryAfterMs: number;
}

const DEFAULT_BASE_URL = "https://api.meetbot.dev";
const MAX_MS = 2 ** 31 - 1;

/** @throws MeetbotInputError that names the option and never shows its value */
export function checkedKey(given: string | undefined): string {
  const key = given ?? environment("MEETBOT_API_KEY");
  if (key === undefined || key === "") {
    throw new MeetbotInputError(
      "apiKey: missing, expected an API key (mb_live_… or mb_test_…); or set MEETBOT_API_KEY",
    );
  }
  // A header cannot hold other characters, and the error of `fetch` would show them.
  if (!/^mb_(?:live|test)_[\w-]{1,200}$/.test(key)) {
    throw new MeetbotInputError("apiKey: expected an API key that begins with mb_live_ or mb_test_, and nothing else");
  }
  return key;
}

/** @throws MeetbotInputError that names the option */
export function checkedSettings(options: MeetBotOptions): Settings {
  return {
    baseUrl: checkedAddress(options.baseUrl ?? environment("MEETBOT_API_BASE_URL") ?? DEFAULT_BASE_URL),
    timeoutMs: whole("timeoutMs", options.timeoutMs ?? 30_000, 1, MAX_MS),
    totalTimeoutMs: whole("totalTimeoutMs", options.totalTimeoutMs ?? 120_000, 1, MAX_MS),
    maxRetries: whole("maxRetries", options.maxRetries ?? 3, 0, 100),
    firstPauseMs: whole("firstPauseMs", options.firstPauseMs ?? 500, 1, 8_000),
    maxRetryAfterMs: whole("maxRetryAfterMs", options.maxRetryAfterMs ?? 20_000, 0, MAX_MS),
  };
}

/** The settings of one request. @throws MeetbotInputError that names the option */
export function settingsOf(settings: Settings, call: CallOptions): Settings {
  return {
    ...settings,
    timeoutMs: whole("timeoutMs", call.timeoutMs ?? settings.timeoutMs, 1, MAX_MS),
    totalTimeoutMs: whole("totalTimeoutMs", call.totalTimeoutMs ?? settings.totalTimeoutMs, 1, MAX_MS),
    maxRetries: whole("maxRetries", call.maxRetries ?? settings.maxRetries, 0, 100),
  };
}

function checkedAddress(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isPlain = url !== undefined && url.username + url.password + url.search + url.hash === "";
  if (!isPlain || (url.protocol !== "https:" && url.protocol !== "http:")) {
    throw new MeetbotInputError(
      "baseUrl: expected the service's address such as http://127.0.0.1:8080, without user, password or query",
    );
  }
  return url.href.replace(/\/+$/, "");
}

function whole(name: string, value: number, min: number, max: number): number {
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new MeetbotInputError(`${name}: expected a whole number from ${min} to ${max}`);
}

/** A variable of the environment, in worlds that have one. */
function environment(name: string): string | undefined {
  try {
    const value = (globalThis as { process?: { env?: Record<string, string | undefined> } }).process?.env?.[name];
    return value === "" ? undefined : value;
  } catch {
    // Deno refuses a variable that the program was not given the right to read. It counts as unset.
    return undefined;
  }
}
