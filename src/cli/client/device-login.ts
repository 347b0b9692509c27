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
  pollIntervalSeconds: z.number().min(0),
});
const polled = z.object({ status: z.string(), apiKey: z.string().optional() });

const REQUEST_MS = 30_000;

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

/**
 * @param show gets the code, once
 * @returns the API key
 * @throws LoginError if nobody confirmed it in time, or the service does not answer as expected;
 *   MeetbotConnectionError if it cannot be reached
 */
export async function deviceLogin(baseUrl: string, show: (code: LoginCode) => void): Promise<string> {
  const address = `${baseUrl.replace(/\/+$/, "")}/api/v1/cli-auth`;
  if (!URL.canParse(address)) throw new InputError("MEETBOT_API_BASE_URL: expected the service's address");
  const { nonce, pollIntervalSeconds, ...code } = started.parse(await posted(`${address}/init`));
  show(code);
  for (;;) {
    await sleep(pollIntervalSeconds * 1_000);
    const { apiKey } = polled.parse(await posted(`${address}/poll/${nonce}`));
    if (apiKey !== undefined) return apiKey;
  }
}

async function posted(address: string): Promise<unknown> {
  let response: Response;
  try {
    response = await fetch(address, { method: "POST", redirect: "manual", signal: AbortSignal.timeout(REQUEST_MS) });
  } catch (error) {
    throw new MeetbotConnectionError(`${new URL(address).host} could not be reached`, { cause: error });
  }
  if (response.status === 410) throw new LoginError("nobody confirmed the login in time; start it again");
  if (!response.ok) throw new LoginError(`the service answered with HTTP status ${response.status}`);
  return await response.json().catch((error: unknown) => {
    throw new LoginError("the service answered with something else than JSON", { cause: error });
  });
}
