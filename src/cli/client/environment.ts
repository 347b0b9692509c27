import { InputError } from "../../errors.ts";
import { createMeetbot, type MeetBot, MeetbotInputError } from "../../sdk/index.ts";

/** What commands that talk to a job service read from the environment. */

const MAX_TIMEOUT_MS = 2 ** 31 - 1;

export interface ClientEnvironment {
  readonly meetbot: MeetBot;
  /** Its jobs play recorded calls. */
  readonly isTestKey: boolean;
  /** Values that nothing may print. */
  readonly secrets: readonly string[];
}

/** @throws InputError that names the variable */
export function clientOf(env: Readonly<Record<string, string | undefined>>): ClientEnvironment {
  const apiKey = env.MEETBOT_API_KEY?.trim() ?? "";
  const baseUrl = env.MEETBOT_API_BASE_URL === "" ? undefined : env.MEETBOT_API_BASE_URL;
  const timeoutMs = timeoutOf(env.MEETBOT_API_TIMEOUT_MS);
  try {
    const meetbot = createMeetbot({ apiKey, baseUrl, timeoutMs });
    return { meetbot, isTestKey: apiKey.startsWith("mb_test_"), secrets: [apiKey] };
  } catch (error) {
    if (!(error instanceof MeetbotInputError)) throw error;
    throw new InputError(
      error.message.replace(/^apiKey:/, "MEETBOT_API_KEY:").replace(/^baseUrl:/, "MEETBOT_API_BASE_URL:"),
    );
  }
}

function timeoutOf(text: string | undefined): number | undefined {
  if (text === undefined || text === "") return undefined;
  const ms = Number(text);
  if (/^\d+$/.test(text) && ms >= 1 && ms <= MAX_TIMEOUT_MS) return ms;
  throw new InputError(`MEETBOT_API_TIMEOUT_MS: expected whole milliseconds from 1 to ${MAX_TIMEOUT_MS}`);
}
