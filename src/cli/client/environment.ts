import { InputError } from "../../errors.ts";
import { typed } from "../../invocation.ts";
import { createMeetbot, type MeetBot, MeetbotInputError } from "../../sdk/index.ts";
import { readSavedLogin, type SavedLogin, savedKeyFile } from "./saved-login.ts";

/** What commands that talk to a job service read from the environment, or from what `login` has kept. */

const MAX_TIMEOUT_MS = 2 ** 31 - 1;

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
  const setKey = variableOf(env.MEETBOT_API_KEY);
  const setAddress = variableOf(env.MEETBOT_API_BASE_URL);
  const saved = setKey !== undefined && setAddress !== undefined ? undefined : await readSavedLogin(env);
  if (setKey !== undefined) return clientWith(setKey, setAddress ?? saved?.baseUrl, env, "MEETBOT_API_KEY");
  if (saved === undefined) {
    throw new NoKeyError(`no API key: set MEETBOT_API_KEY to one (mb_live_… or mb_test_…), or run ${typed("login")}`);
  }
  refuseOtherService(saved, setAddress, env);
  return clientWith(saved.key, setAddress ?? saved.baseUrl, env, `the key in ${savedKeyFile(env)}`);
}

/** A key that was kept for one service is never sent to another one. */
function refuseOtherService({ baseUrl }: SavedLogin, setAddress: string | undefined, env: Environment): void {
  if (baseUrl === undefined || setAddress === undefined) return;
  const [own, other] = [URL.parse(baseUrl)?.origin, URL.parse(setAddress)?.origin];
  if (own === undefined || other === undefined || own === other) return;
  throw new InputError(
    `MEETBOT_API_BASE_URL: is ${other}, but the key in ${savedKeyFile(env)} is for ${own}; set MEETBOT_API_KEY too, or run ${typed("login")} again`,
  );
}

/**
 * @param baseUrl the service's address, not yet checked
 * @param origin where the key comes from, for the error
 * @throws InputError that names the origin or the variable
 */
export function clientWith(
  apiKey: string,
  baseUrl: string | undefined,
  env: Environment,
  origin: string,
): ClientEnvironment {
  const timeoutMs = timeoutOf(env.MEETBOT_API_TIMEOUT_MS);
  try {
    const meetbot = createMeetbot({ apiKey, baseUrl: knownAddress(baseUrl), timeoutMs });
    return { meetbot, isTestKey: apiKey.startsWith("mb_test_"), secrets: [apiKey] };
  } catch (error) {
    if (!(error instanceof MeetbotInputError)) throw error;
    const [option = "", ...rest] = error.message.split(":");
    if (option === "apiKey") throw new NoKeyError(`${origin}:${rest.join(":")}`);
    throw new InputError(`MEETBOT_API_BASE_URL:${rest.join(":")}`);
  }
}

/**
 * There is no default: the key of somebody's own service would be sent to another one.
 *
 * @throws InputError without an address
 */
export function knownAddress(baseUrl: string | undefined): string {
  if (baseUrl !== undefined) return baseUrl;
  throw new InputError(
    `MEETBOT_API_BASE_URL: missing, expected your job service's address such as http://127.0.0.1:8080; ${typed("login")} keeps it with the key`,
  );
}

/** @returns undefined for a variable that is unset or empty */
export function variableOf(variable: string | undefined): string | undefined {
  const text = variable?.trim();
  return text === "" ? undefined : text;
}

function timeoutOf(text: string | undefined): number | undefined {
  if (text === undefined || text === "") return undefined;
  const ms = Number(text);
  if (/^\d+$/.test(text) && ms >= 1 && ms <= MAX_TIMEOUT_MS) return ms;
  throw new InputError(`MEETBOT_API_TIMEOUT_MS: expected whole milliseconds from 1 to ${MAX_TIMEOUT_MS}`);
}
