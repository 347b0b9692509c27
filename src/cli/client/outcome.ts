import { InputError } from "../../errors.ts";
import { Redactor } from "../../redactor.ts";
import {
  MeetbotConnectionError,
  MeetbotError,
  MeetbotHttpError,
  MeetbotInputError,
  MeetbotResponseError,
} from "../../sdk/index.ts";
import { printableLines } from "../../text/safe-text.ts";
import { explainFailure } from "../process/failure.ts";
import { NoKeyError, variableOf } from "./environment.ts";

/** How commands that talk to a job service end. Scripts branch on these. */
export const CLIENT_EXIT_CODES = {
  success: 0,
  wrongInput: 1,
  failed: 2,
  notAuthenticated: 3,
  quotaExceeded: 4,
} as const;

export type ClientExitCode = (typeof CLIENT_EXIT_CODES)[keyof typeof CLIENT_EXIT_CODES];

export function clientExitCode(error: unknown): ClientExitCode {
  const { wrongInput, failed, notAuthenticated, quotaExceeded } = CLIENT_EXIT_CODES;
  if (error instanceof NoKeyError) return notAuthenticated;
  if (error instanceof InputError || error instanceof MeetbotInputError) return wrongInput;
  if (!(error instanceof MeetbotHttpError)) return failed;
  const { status, code } = error;
  if (status === 401 || status === 403) return notAuthenticated;
  if (status === 402 || code === "quota_exceeded") return quotaExceeded;
  return status < 500 && status !== 429 ? wrongInput : failed;
}

/**
 * Runs the work of a command, prints why it failed, and sets the exit code.
 *
 * @param work may give another code, such as that of an interrupt; undefined is success
 */
export async function endWith(work: () => Promise<number | undefined>): Promise<void> {
  try {
    process.exitCode = (await work()) ?? CLIENT_EXIT_CODES.success;
  } catch (error) {
    process.exitCode = clientExitCode(error);
    if (!(error instanceof MeetbotError)) {
      explainFailure(error);
      return;
    }
    const text = error instanceof MeetbotHttpError ? refusalText(error) : `${error.message}${addressAdvice(error)}`;
    process.stderr.write(new Redactor([]).redact(`meetbot-discord: ${printableLines(text)}\n`));
  }
}

function addressAdvice(error: MeetbotError): string {
  if (!(error instanceof MeetbotConnectionError) && !(error instanceof MeetbotResponseError)) return "";
  return variableOf(process.env.MEETBOT_API_BASE_URL) === undefined
    ? "\n  the service's address is the one that login kept; log in again if it is another one now"
    : "\n  MEETBOT_API_BASE_URL is the service's address; see whether it is right";
}

function refusalText({ status, code, message, issues, retryAfterSeconds }: MeetbotHttpError): string {
  const name = code === undefined ? `HTTP ${status}` : `${code} (HTTP ${status})`;
  const fields = issues.map(({ path, message: text }) => `  ${path.join(".")}: ${text}`);
  const wait = retryAfterSeconds === undefined ? [] : [`  retry after ${retryAfterSeconds} s`];
  return fields.length === 0 ? [`${name}: ${message}`, ...wait].join("\n") : [`${name}:`, ...fields].join("\n");
}
