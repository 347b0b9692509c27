import { InputError } from "../../errors.ts";
import { typed } from "../../invocation.ts";
import { createMeetbot, type MeetBot, MeetbotInputError } from "../../sdk/index.ts";
import { readSavedKey, savedKeyFile } from "./saved-key.ts";

/** What commands that talk to a job service read from the environment. */

const MAX_TIMEOUT_MS = 2 ** 31 - 1;
const DEFAULT_BASE_URL = "https://api.meetbot.dev";

type Environment = Readonly<Record<string, string | undefined>>;

export interface ClientEnvironment {
  readonly meetbot: MeetBot;
  /** Its jobs play recorded calls. */
  readonly isTestKey: boolean;
  /** Values that nothing may print. */
  readonly secrets: readonly string[];
}

/** There is no API key, or none that can be one. */
export class NoKeyError extends InputError {
  override readonly name = "NoKeyError";
}

/** @throws InputError that names the variable */
export async function clientOf(env: Environment): Promise<ClientEnvironment> {
  const setKey = env.MEETBOT_API_KEY?.trim() ?? "";
  const apiKey = setKey === "" ? await readSavedKey(env) : setKey;
  if (apiKey === undefined || apiKey === "") {
    throw new NoKeyError(`no API key: set MEETBOT_API_KEY to one (mb_live_… or mb_test_…), or run ${typed("login")}`);
  }
  return clientWith(apiKey, env, setKey === "" ? `the key in ${savedKeyFile(env)}` : "MEETBOT_API_KEY");
}

/**
 * @param origin where the key comes from, for the error
 * @throws InputError that names the origin or the variable
 */
export function clientWith(apiKey: string, env: Environment, origin: string): ClientEnvironment {
  const timeoutMs = timeoutOf(env.MEETBOT_API_TIMEOUT_MS);
  try {
    const meetbot = createMeetbot({ apiKey, baseUrl: baseUrlOf(env), timeoutMs });
    return { meetbot, isTestKey: apiKey.startsWith("mb_test_"), secrets: [apiKey] };
  } catch (error) {
    if (!(error instanceof MeetbotInputError)) throw error;
    const [option = "", ...rest] = error.message.split(":");
    if (option === "apiKey") throw new NoKeyError(`${origin}:${rest.join(":")}`);
    throw new InputError(`MEETBOT_API_BASE_URL:${rest.join(":")}`);
  }
}

/** The service's address, not yet checked. */
export function baseUrlOf(env: Environment): string {
  return env.MEETBOT_API_BASE_URL || DEFAULT_BASE_URL;
}

function timeoutOf(text: string | undefined): number | undefined {
  if (text === undefined || text === "") return undefined;
  const ms = Number(text);
  if (/^\d+$/.test(text) && ms >= 1 && ms <= MAX_TIMEOUT_MS) return ms;
  throw new InputError(`MEETBOT_API_TIMEOUT_MS: expected whole milliseconds from 1 to ${MAX_TIMEOUT_MS}`);
}
