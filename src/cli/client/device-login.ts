import { setTimeout as sleep } from "node:timers/promises";
import * as z from "zod";
import { InputError } from "../../errors.ts";
import { MeetbotConnectionError, MeetbotError } from "../../sdk/index.ts";

/** The device flow of the job service, after RFC 8628. */

const started = z.object({
  nonce: z.string(),
  userCode: z.string(),
  verificationUrl: z.string(),
  expiresAt: z.string(),
  pollIntervalSeconds: z.number(),
});
const polled = z.object({ status: z.string(), apiKey: z.string().optional() });

const REQUEST_MS = 30_000;
const MAX_ANSWER_BYTES = 64 * 1024;
/** Whatever the service asks for: not all the time, and often enough for a person who waits. */
const POLL_SECONDS = { least: 0.05, most: 60 };
/** Lost connections in a row, after which a login gives up. The person may still be at the browser. */
const MAX_FAILURES = 10;

export interface LoginCode {
  /** What the person confirms. */
  readonly userCode: string;
  readonly verificationUrl: string;
  readonly expiresAt: string;
}

/** A login did not get its key. */
export class LoginError extends MeetbotError {
  override readonly name = "LoginError";
}

/** The same request may succeed later. */
class BusyError extends LoginError {}

/**
 * @param show gets the code, once
 * @returns the API key
 * @throws LoginError if nobody confirmed it in time, or the service does not answer as expected;
 *   MeetbotConnectionError if it cannot be reached
 */
export async function deviceLogin(baseUrl: string, show: (code: LoginCode) => void): Promise<string> {
  const address = `${baseUrl.replace(/\/+$/, "")}/api/v1/cli-auth`;
  const { protocol } = URL.parse(address) ?? {};
  if (protocol !== "http:" && protocol !== "https:") {
    throw new InputError("MEETBOT_API_BASE_URL: expected the service's address such as http://127.0.0.1:8080");
  }
  const { nonce, pollIntervalSeconds, ...code } = await answerOf(started, `${address}/init`);
  show(code);
  const { least, most } = POLL_SECONDS;
  const waitMs = Math.min(most, Math.max(least, pollIntervalSeconds)) * 1_000;
  for (let failures = 0; ; ) {
    await sleep(waitMs);
    try {
      const { apiKey } = await answerOf(polled, `${address}/poll/${encodeURIComponent(nonce)}`);
      if (apiKey !== undefined) return apiKey;
      failures = 0;
    } catch (error) {
      failures += 1;
      const mayPass = error instanceof MeetbotConnectionError || error instanceof BusyError;
      if (!mayPass || failures >= MAX_FAILURES) throw error;
    }
  }
}

async function answerOf<Schema extends z.ZodType>(schema: Schema, address: string): Promise<z.output<Schema>> {
  const { success, data } = schema.safeParse(await posted(address));
  if (success) return data;
  throw new LoginError("the service did not answer as a login expects; is MEETBOT_API_BASE_URL its address?");
}

/** A login's answers are short. Something else may have no end. */
async function beginningOf({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body ?? []) {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES) break;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

async function posted(address: string): Promise<unknown> {
  let response: Response;
  let text: string;
  try {
    response = await fetch(address, { method: "POST", redirect: "manual", signal: AbortSignal.timeout(REQUEST_MS) });
    text = await beginningOf(response);
  } catch (error) {
    throw new MeetbotConnectionError(`${new URL(address).host} could not be reached`, { cause: error });
  }
  const { status } = response;
  if (status === 410) throw new LoginError("nobody confirmed the login in time; start it again");
  const refusal = `the service answered with HTTP status ${status}`;
  if (status === 429 || status >= 500) throw new BusyError(refusal);
  if (!response.ok) throw new LoginError(refusal);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new LoginError("the service answered with something else than JSON", { cause: error });
  }
}
